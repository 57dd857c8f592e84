"""Which provider's model is left alone for a while because it keeps failing.

After three failures in a row a model cools down for 15 s. Then one attempt, the
probe, may try it: success ends the cool-down, failure doubles it, up to 60 s. What
one process finds, the others take over; each makes a probe of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from photobooth_daemon.clock import Clock

FAILURES_IN_A_ROW = 3
FIRST_SECONDS = 15.0
LONGEST_SECONDS = 60.0

Model = tuple[str, str]
"""A provider's name and its model (or operation, where it has no models)."""
Found = Callable[[Model, float], None]
"""Told of each model that begins to cool, for how long, and, with 0, that is well again."""


class Verdict(Enum):
    """What an attempt says about its model's health."""

    WELL = "well"
    """It answered, whether or not with a picture."""
    ILL = "ill"
    """It failed in a way that the next photo would meet too."""
    HOPELESS = "hopeless"
    """It will fail until somebody changes something: no need to count to three."""
    UNKNOWN = "unknown"
    """The attempt was cut off before it could tell."""


@dataclass(slots=True)
class _State:
    failures: int = 0
    length_seconds: float = 0.0
    until_monotonic_seconds: float | None = None
    probing: bool = False


class Cooldowns:
    """Remembers failures per model, and what other processes have found."""

    def __init__(self, clock: Clock, found: Found | None = None) -> None:
        """``found`` is told of what the attempts of this process say."""
        self._clock = clock
        self._found = found
        self._states: dict[Model, _State] = {}
        self._fresh_since: dict[str | Model, datetime] = {}

    def cooling(self, model: Model) -> bool:
        """Return whether an attempt should rather be made elsewhere."""
        state = self._states.get(model)
        if state is None or state.until_monotonic_seconds is None:
            return False
        return state.probing or self._clock.monotonic() < state.until_monotonic_seconds

    def begin(self, model: Model) -> bool:
        """Note that an attempt starts; return whether it is the probe of a cool-down that ended."""
        state = self._states.get(model)
        if state is None or state.until_monotonic_seconds is None or self.cooling(model):
            return False
        state.probing = True
        return True

    def end(self, model: Model, verdict: Verdict, *, probe: bool) -> None:
        """Note how an attempt ended; ``probe`` is what :meth:`begin` returned for it."""
        state = self._states.setdefault(model, _State())
        if probe:
            state.probing = False
        if verdict is Verdict.UNKNOWN:
            return
        if verdict is Verdict.WELL:
            del self._states[model]
            if state.until_monotonic_seconds is not None:
                self._tell(model, 0.0)
            return
        state.failures += 1
        if state.until_monotonic_seconds is None:
            if verdict is Verdict.HOPELESS or state.failures >= FAILURES_IN_A_ROW:
                self._cool(model, state, FIRST_SECONDS)
        elif probe:
            self._cool(model, state, min(LONGEST_SECONDS, state.length_seconds * 2))

    def learn(self, model: Model, seconds: float, at: datetime) -> None:
        """Take over what another process found at an instant, as :data:`Found` tells it.

        What was found before the model got a fresh start here counts no more.
        """
        fresh_since = [self._fresh_since.get(key) for key in (model, model[0])]
        if any(since is not None and at <= since for since in fresh_since):
            return
        if seconds == 0:
            self._states.pop(model, None)
            return
        # Another host's clock may be ahead of this one's.
        left = min(seconds, seconds - (self._clock.utcnow() - at).total_seconds())
        if left > 0:
            self._begin(self._states.setdefault(model, _State()), seconds, left)

    def forget(self, model: Model) -> None:
        """Forget what is held against one model."""
        self._fresh_since[model] = self._clock.utcnow()
        self._states.pop(model, None)

    def clear(self, provider: str) -> None:
        """Forget what is held against all models of a provider."""
        self._fresh_since[provider] = self._clock.utcnow()
        for model in [model for model in self._states if model[0] == provider]:
            del self._states[model]

    def seconds_left(self) -> Mapping[Model, float]:
        """Return the models that are cooling down and for how much longer."""
        now = self._clock.monotonic()
        return {
            model: max(0.0, state.until_monotonic_seconds - now)
            for model, state in self._states.items()
            if state.until_monotonic_seconds is not None and self.cooling(model)
        }

    def _cool(self, model: Model, state: _State, seconds: float) -> None:
        self._begin(state, seconds, seconds)
        self._tell(model, seconds)

    def _tell(self, model: Model, seconds: float) -> None:
        if self._found is not None:
            self._found(model, seconds)

    def _begin(self, state: _State, seconds: float, left: float) -> None:
        """Let it cool for so long in all, of which so much is left."""
        state.length_seconds = max(seconds, state.length_seconds)
        until = self._clock.monotonic() + left
        state.until_monotonic_seconds = max(until, state.until_monotonic_seconds or until)
