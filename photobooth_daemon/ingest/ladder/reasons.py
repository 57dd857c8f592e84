"""What a failed attempt means: for the next attempt on its rung, and for its model's health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.ingest.ladder.cooldown import Verdict

FIRST_BACKOFF_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Again:
    """What a failure leaves on its rung: how many more attempts (None: while time is left).

    Those that back off wait ever longer; the first ``at_once`` of them do not.
    """

    at_most: int | None = 0
    backing_off: bool = False
    at_once: int = 0


AGAIN: Mapping[Reason, Again] = {
    Reason.NO_IMAGE: Again(4, backing_off=True, at_once=1),
    Reason.OVERLOADED: Again(None, backing_off=True),
    Reason.QUOTA: Again(None, backing_off=True),
    Reason.BAD_RESPONSE: Again(2),
    Reason.UNREACHABLE: Again(1),
    Reason.REFUSED: Again(0),
    Reason.AUTH: Again(0),
    Reason.MODEL_GONE: Again(0),
    Reason.BAD_REQUEST: Again(0),
    Reason.INPUT_NOT_FETCHED: Again(0),
    Reason.TIMEOUT: Again(0),
    Reason.CANCELLED: Again(0),
}

VERDICTS: Mapping[Reason, Verdict] = {
    Reason.NO_IMAGE: Verdict.ILL,
    Reason.OVERLOADED: Verdict.ILL,
    Reason.QUOTA: Verdict.ILL,
    Reason.BAD_RESPONSE: Verdict.ILL,
    Reason.UNREACHABLE: Verdict.ILL,
    Reason.TIMEOUT: Verdict.ILL,
    Reason.AUTH: Verdict.HOPELESS,
    Reason.MODEL_GONE: Verdict.HOPELESS,
    # These are about one photo, one slot or the window, not about the model.
    Reason.REFUSED: Verdict.WELL,
    Reason.BAD_REQUEST: Verdict.UNKNOWN,
    Reason.INPUT_NOT_FETCHED: Verdict.UNKNOWN,
    Reason.CANCELLED: Verdict.UNKNOWN,
}


def delay_before_another(failure: AttemptFailed, so_far: Mapping[Reason, int]) -> float | None:
    """Return how long to wait before another attempt on the same rung, or None for no other.

    ``so_far`` counts the rung's failures by reason, this one included. A driver
    that knows better says how many more at most (``failure.again``).
    """
    row = AGAIN[failure.reason]
    at_most = row.at_most if failure.again is None else failure.again
    if at_most is not None and so_far[failure.reason] > at_most:
        return None
    if failure.retry_after_seconds is not None:
        return failure.retry_after_seconds
    if not row.backing_off:
        return 0.0
    waits = sum(
        max(0, so_far.get(reason, 0) - other.at_once)
        for reason, other in AGAIN.items()
        if other.backing_off
    )
    return FIRST_BACKOFF_SECONDS * 2.0 ** (waits - 1) if waits else 0.0


def verdict_on(failure: AttemptFailed | None, so_far: Mapping[Reason, int]) -> Verdict:
    """Return what an attempt's end says about its model; None is success."""
    if failure is None:
        return Verdict.WELL
    if failure.reason is Reason.QUOTA and failure.again == 0:
        return Verdict.HOPELESS
    if failure.reason is Reason.NO_IMAGE and so_far[failure.reason] > 1:
        # Repeated at once, it tells more about the photo than about the model.
        return Verdict.UNKNOWN
    return VERDICTS[failure.reason]
