"""An invented municipality to show the house with, and to measure it on."""
