"""Foreign formats in, domain actions out."""
