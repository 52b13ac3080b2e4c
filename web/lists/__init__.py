"""What the lists have in common: how they are narrowed, which columns they show, and how they leave as files."""
