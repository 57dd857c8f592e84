"""A ComfyUI on the studio's own network."""
