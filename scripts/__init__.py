"""The front door: the command line, set-up, checks and measurements."""
