"""Requests on their way in: connections, bodies, forms, and a photo's life over HTTP."""
