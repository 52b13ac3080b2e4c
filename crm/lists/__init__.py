"""Lists as people keep them: saved views, chosen columns, and acts on many rows at once."""
