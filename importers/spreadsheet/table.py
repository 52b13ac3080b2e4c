def read_table(path): raise NotImplementedError
