"""Signing in by a provider: the municipality's for staff, another for the company panel."""
