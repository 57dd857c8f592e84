"""Measures the running daemon beside a bare Tornado handler; ``make bench`` runs it."""
