"""Asks a provider something free of charge and times it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason
from photobooth_daemon.providers.driver import ProviderCheck

CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the provider said, in words, and whether it lists the model asked for."""

    detail: str
    model_listed: bool | None = None


async def checked(ask: Callable[[Deadline], Awaitable[Finding]]) -> ProviderCheck:
    """Return what ``ask`` found out, or how it failed, with the time it took."""
    clock = Clock()
    begun_seconds = clock.monotonic()
    deadline = Deadline.after(clock, CHECK_SECONDS)
    ok, listed = False, None
    try:
        async with deadline.enforced():
            finding = await ask(deadline)
        detail, listed = finding.detail, finding.model_listed
        ok = listed is not False
    except AttemptFailed as failure:
        detail = f"{failure.reason}: {failure.message}" if failure.message else str(failure.reason)
        listed = False if failure.reason is Reason.MODEL_GONE else None
    except DeadlinePassed:
        detail = f"no answer in {CHECK_SECONDS:.0f} s"
    return ProviderCheck(ok, round((clock.monotonic() - begun_seconds) * 1000), detail, listed)
