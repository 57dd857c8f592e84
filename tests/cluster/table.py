"""What happened, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.cluster.cameras import Sent
from tests.cluster.verdict import Faults

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one fault to the next."""

    name: str
    at: float
    said: str = ""


def printed(stretches: Sequence[Stretch], photos: Sequence[Sent], faults: Faults) -> str:
    """Return the evening, a line for each fault, and the promises with what broke them."""
    lines = [
        f"{'from':>6}  {'fault':<9} {'requests':>8} {'pictures':>8} {'slowest':>8} "
        f"{'silence':>8}  other answers"
    ]
    ends = [stretch.at for stretch in stretches[1:]] + [float("inf")]
    for stretch, end in zip(stretches, ends, strict=True):
        tries = [t for sent in photos for t in sent.tries if stretch.at <= t.at < end]
        others = Counter(tried.code for tried in tries if tried.code is not None)
        answered = sorted(tried.at + tried.seconds for tried in tries if tried.code is None)
        silence = max((b - a for a, b in pairwise(answered)), default=0.0)
        slowest = max((tried.seconds for tried in tries), default=0.0)
        told = ", ".join(f"{count} x {code}" for code, count in sorted(others.items())) or "-"
        lines.append(
            f"{stretch.at:>5.0f}s  {stretch.name:<9} {len(tries):>8} {len(answered):>8} "
            f"{slowest:>7.1f}s {silence:>7.1f}s  {told}"
        )
    lines += ["", *(f"{stretch.name}: {stretch.said}" for stretch in stretches if stretch.said)]
    originals = sum(1 for sent in photos if sent.job_id is None)
    repeated = sum(1 for sent in photos if len(sent.tries) > 1)
    lines += ["", f"{len(photos)} photos: {repeated} repeated, {originals} printed as they were"]
    for promise, broken in faults.items():
        lines.append(f"{promise:<17} {'yes' if not broken else f'NO: {len(broken)}'}")
        lines += [f"    {fault}" for fault in broken[:SHOWN]]
    return "\n".join(lines)
