"""Companies, their places of work, the people there, and what the register says of them."""
