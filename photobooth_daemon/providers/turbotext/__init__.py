"""Turbotext's queue."""
