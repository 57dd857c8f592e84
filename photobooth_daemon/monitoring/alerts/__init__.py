"""Alerts without a monitoring stack: what is wrong, whom to tell, and when to be quiet."""
