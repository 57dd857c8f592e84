"""A route whose handler gets what it asks for: a type checker sees what is missing or wrong."""

from __future__ import annotations

from typing import ParamSpec, Protocol

from tornado.routing import URLSpec
from tornado.web import url

from photobooth_daemon.web.handler import Handler

Needs = ParamSpec("Needs")
SEGMENT = r"([^/]+)"
"""One part of a path."""


class Given(Protocol[Needs]):
    """A handler: Tornado calls ``initialize`` for each request with what its route has."""

    def initialize(self, *args: Needs.args, **kwargs: Needs.kwargs) -> None: ...


def route(
    pattern: str, handler: type[Given[Needs]], *args: Needs.args, **kwargs: Needs.kwargs
) -> URLSpec:
    """Return the route of a handler; everything is given by name.

    Raises:
        TypeError: something is given without its name, the handler is not one of ours, or has
            a method that would work on a request that was refused.
    """
    if args or not issubclass(handler, Handler) or handler.unguarded_methods():
        raise TypeError(pattern)
    return url(pattern, handler, kwargs)
