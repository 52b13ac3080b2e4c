"""Programmes, and the agreements companies make under them."""
