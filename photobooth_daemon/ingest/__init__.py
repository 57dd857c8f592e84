"""One photo's way from the camera to the picture that goes back."""
