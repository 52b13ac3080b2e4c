"""The board meeting every fourteen days: when it is, what stood on the board, what was agreed."""
