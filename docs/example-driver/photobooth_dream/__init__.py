"""A driver for the (invented) Dream service: a photo in, a dreamy picture out."""
