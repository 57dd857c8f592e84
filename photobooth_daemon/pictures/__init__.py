"""Reading, scaling and writing pictures, in threads of their own."""
