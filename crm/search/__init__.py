"""One box that knows Danish: names, part of a word, one letter wrong, numbers written in any way."""
