"""The start-up file: what it may say, and what it says."""
