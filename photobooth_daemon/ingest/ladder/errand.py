"""What one photo asks of its ladder, and what it comes back with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import Attempt, Rung
from photobooth_daemon.providers.driver import ProviderDriver, ProviderRequest, ProviderResult

T = TypeVar("T")
RequestFor = Callable[[Rung, ProviderDriver, Deadline], Awaitable[ProviderRequest]]
Accept = Callable[[ProviderResult], Awaitable[T]]
Begun = Callable[[Rung, str | None], None]
"""Told of an attempt as it begins: the rung and its model."""


class Budget(Protocol):
    """Whether money may still be spent."""

    async def allows(self, provider: str, model: str | None) -> bool:
        """Set aside what an attempt may cost; return whether it may be made."""
        ...

    def spend(self, cost: float) -> None:
        """Count what an attempt has cost."""
        ...


@dataclass(frozen=True, slots=True)
class Climbed(Generic[T]):
    """Where the ladder ended: what ``accept`` made of the picture, and the rung it came from."""

    value: T
    rung: Rung


@dataclass(frozen=True, slots=True)
class Errand(Generic[T]):
    """What one photo asks of a ladder, and how far it may go for it."""

    request_for: RequestFor
    accept: Accept[T]
    """An ``InvalidImage`` from it makes the attempt a bad response. It may outlast ``deadline``,
    because what was paid for is finished."""
    deadline: Deadline
    attempts: list[Attempt]
    """Each is appended as it ends, whatever becomes of the climb."""
    provider_concurrency: int
    attempts_per_photo: int
    """Bounds those that call a provider, on all rungs together; a driver that calls nobody is
    tried even after that."""
    budget: Budget | None = None
    begun: Begun | None = None
    """Told of each attempt that calls a provider."""
    gives_way: bool = False
    """It leaves its place at a provider to those that do not."""
