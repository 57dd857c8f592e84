"""What a slot may ask of each provider of this package."""
