"""What a provider driver is: one attempt, inside the time it is given.

A driver turns a complete :class:`ProviderRequest` into picture bytes that
nobody has trusted yet, or raises :class:`~photobooth_daemon.errors.AttemptFailed`
with the reason. It never retries, never stores, never logs a key or a picture,
and derives every timeout of its own from ``request.deadline``. Cancellation
must end it: whatever it left at the provider it calls off in a ``finally``. A
driver that does so in a task of its own has an ``async def close()``, which
waits a few seconds for it when the daemon ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.model.provider_config import ProviderConfig, has_key_or_address

__all__ = [
    "PictureWork",
    "ProviderCheck",
    "ProviderConfig",
    "ProviderDriver",
    "ProviderRequest",
    "ProviderResult",
    "TemplatePicture",
    "calls_nobody",
    "has_key_or_address",
    "takes_files",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TemplatePicture:
    """A template bound to the slot.

    ``sent`` is the picture as a provider gets it, scaled as the photo is, and
    ``url`` a link to it where the driver wants links; both are None where the
    file cannot be read. ``path`` is the file as it was registered, in
    ``content_type``: all that a driver on this machine needs.
    """

    role: str
    media_id: UUID
    content_type: str
    path: Path
    url: str | None = None
    sent: PictureBytes | None = None


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """Everything one attempt needs; never changed after it is built.

    ``photo`` is upright, without metadata, scaled to the operation's
    ``input_max_edge_px``. ``photo_url`` is set for drivers with
    ``needs_public_url`` and answers 410 once the deadline has passed.
    """

    job_id: UUID
    slot_id: str
    operation: str
    params: Mapping[str, Any]
    photo: PictureBytes
    templates: tuple[TemplatePicture, ...]
    deadline: Deadline
    photo_url: str | None = None

    def templates_of(self, role: str) -> tuple[TemplatePicture, ...]:
        """Return the templates bound in ``role``, in the order of the slot."""
        return tuple(t for t in self.templates if t.role == role)


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """What an attempt brought: bytes that the finish step still has to recognise.

    ``usage`` holds the provider's own figures (tokens, images), numbers only.
    ``again`` is as in :class:`~photobooth_daemon.errors.AttemptFailed`, should the
    bytes turn out to be no picture.
    """

    picture: bytes = field(repr=False)
    provider_request_id: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    again: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """The outcome of asking a provider whether it would serve us now."""

    ok: bool
    latency_ms: int
    detail: str
    model_listed: bool | None = None


class PictureWork(Protocol):
    """The threads that all picture work shares, as drivers see them."""

    async def parse(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return what ``work`` makes of an answer, off the event loop."""
        ...

    async def process(
        self, work: Callable[..., T], *arguments: Any, deadline: Deadline, megapixels: float
    ) -> T:
        """Return what ``work`` makes of a picture, in its turn.

        Raises:
            DeadlinePassed: the threads were too busy.
        """
        ...


class ProviderDriver(Protocol):
    """One provider. Built once per process by ``providers/catalog.py``."""

    name: str
    title: str
    needs_public_url: bool
    """Whether the provider fetches the photo by a link instead of being sent it."""

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        """Return whether the key and the address that the provider needs are there."""
        ...

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return the model that these params ask for: cool-down and latency are kept per model."""
        ...

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Make one attempt and return the picture.

        Raises:
            AttemptFailed: no picture; ``reason`` says why.
            DeadlinePassed: ``request.deadline`` passed first.
        """
        ...

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Ask for something free of charge: is the key good, the model listed, the way open."""
        ...


def takes_files(driver: ProviderDriver) -> bool:
    """Return whether the driver lays templates over the photo itself, from their files.

    Drivers that send templates to a provider need not say anything.
    """
    return bool(getattr(driver, "takes_files", False))


def calls_nobody(driver: ProviderDriver) -> bool:
    """Return whether the driver makes pictures itself, so that an attempt can cost nothing.

    Drivers that call a provider need not say anything.
    """
    return bool(getattr(driver, "calls_nobody", False))
