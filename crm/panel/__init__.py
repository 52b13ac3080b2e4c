"""The company panel: who sits in it, how they come in, what they are asked and told, and all they may see."""
