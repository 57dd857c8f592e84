"""Where a photo waits: for a seat, a turn to be read, a place at its provider."""
