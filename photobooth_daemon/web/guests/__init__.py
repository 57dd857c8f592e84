"""What guests see: a picture's page, an event's gallery and slideshow."""
