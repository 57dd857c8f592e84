"""Attempts at providers: which comes next, when, and at what price."""
