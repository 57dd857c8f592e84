"""Is everything ready for tonight? What is looked at, what was found, and the cure."""
