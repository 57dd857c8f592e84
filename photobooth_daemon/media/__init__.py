"""Files: where they lie, who may see them, how long."""
