"""The processes: start, listen, drain, stop."""
