"""``make cluster-test``: several hosts on one machine, while one thing after the other fails."""
