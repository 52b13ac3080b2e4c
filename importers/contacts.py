def take_contacts(work, rows): raise NotImplementedError
