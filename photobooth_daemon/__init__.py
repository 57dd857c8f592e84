"""A photo booth's pictures, processed on the studio's own machine and answered in time."""

__version__ = "0.1.0"
