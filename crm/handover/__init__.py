"""Handing over as one act: what moves, from whom, to whom, with a way back."""
