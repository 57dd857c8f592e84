"""Which hosts of an installation are alike."""

from __future__ import annotations

from collections.abc import Iterable


def groups_alike(hosts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the hosts, those together that say the same of themselves, the most of them first."""
    alike: dict[str, set[str]] = {}
    for host, said in hosts:
        alike.setdefault(said, set()).add(host)
    groups = sorted(alike.values(), key=lambda names: (-len(names), min(names)))
    return [", ".join(sorted(names)) for names in groups]
