"""What a scrape is shown: figures of the whole installation beside those of the processes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric


class Source(Protocol):
    """Anything that has metric families: a registry, a collector, a fact."""

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        ...


class Fact:
    """A figure that is true of the whole installation: set by whoever learns it, never added up.

    A fact nobody has set yet has no sample, which is the truth about it; a
    counter starts from 0.
    """

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), kind: str = "gauge"
    ) -> None:
        self._name = name
        self._documentation = documentation
        self.labels = tuple(labels)
        self._kind = kind
        self._values: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def set(self, value: float, *labels: str) -> None:
        """Make ``value`` the figure for these label values."""
        with self._lock:
            self._values[self._key(labels)] = float(value)

    def inc(self, amount: float = 1.0, *labels: str) -> None:
        """Add ``amount`` to the figure for these label values."""
        key = self._key(labels)
        with self._lock:
            self._values[key] = self._values.get(key, 0.0) + amount

    def clear(self) -> None:
        """Forget every value: nothing is known any more."""
        with self._lock:
            self._values.clear()

    def collect(self) -> Iterator[Metric]:
        """Yield the family as prometheus-client wants it."""
        name = self._name.removesuffix("_total") if self._kind == "counter" else self._name
        metric = Metric(name, self._documentation, self._kind)
        with self._lock:
            for key, value in self._values.items():
                metric.add_sample(self._name, dict(zip(self.labels, key, strict=True)), value)
        yield metric

    def _key(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(labels) != len(self.labels):
            raise ValueError(f"{self._name} has the labels {self.labels}, got {labels}")
        return labels


class Exposed(CollectorRegistry):
    """What a scrape sees: the sources, without the ``_created`` samples that double each series."""

    def __init__(self, sources: Iterable[Source]) -> None:
        super().__init__()
        self._sources = tuple(sources)

    def collect(self) -> Iterator[Metric]:
        for source in self._sources:
            for family in source.collect():
                kept = [s for s in family.samples if not s.name.endswith("_created")]
                if kept:
                    exposed = Metric(family.name, family.documentation, family.type)
                    exposed.samples = kept
                    yield exposed
