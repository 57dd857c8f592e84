"""Photos that are made again from their kept originals, where no camera waits."""
