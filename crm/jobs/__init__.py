"""Work that is done without anybody asking: what is due, who is doing it, and how it went."""
