"""Looks and frames made on this machine, without a network."""
