"""Proofs that take minutes and print their figures: ./scripts/prove."""
