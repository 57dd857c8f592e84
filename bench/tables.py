"""The figures as Markdown tables, put between two marks of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MEASURED, PEER = "measured", "peer"
"""The names of the places in a document that are renewed."""


def rendered(found: Mapping[str, Any]) -> str:
    """Return every table that there are figures for."""
    machine = found["machine"]
    blocks = [
        f"Measured on {machine['date']}: {machine['cores']} cores, Python {machine['python']}, "
        f"Tornado {machine['tornado']}, Pillow {machine['pillow']}; "
        f"load before the run {machine['load_before']}."
    ]
    floor = found.get("floor", {})
    if "throughput" in found:
        blocks += ["### The provider answers at once", _throughput(found["throughput"], floor)]
    if "throughput" in found and floor:
        blocks += [
            "### Where the processor time goes, 30 at once",
            _cpu(found["throughput"], floor),
        ]
    if "delay" in found:
        blocks += ["### The provider takes 2 s", _added(found["delay"])]
    if "uplink" in found:
        blocks += ["### Behind 20 Mbit/s, the provider takes 2 s", _added(found["uplink"])]
    if "overload" in found:
        blocks += ["### Overload: 100 × 14 MB at once, 10 s window", _overload(found["overload"])]
    if "results" in found:
        blocks += ["### Results", _results(found["results"])]
    return "\n\n".join(blocks) + "\n"


def put_into(document: Path, tables: str, place: str = MEASURED) -> None:
    """Replace what stands between the place's marks.

    Raises:
        ValueError: the document has no marks.
    """
    first, last = f"<!-- {place}:begin -->", f"<!-- {place}:end -->"
    head, begin, rest = document.read_text("utf-8").partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{document} has no {first} … {last}")
    document.write_text(f"{head}{first}\n\n{tables}\n{last}{tail}", "utf-8")


def _throughput(rows: Sequence[Mapping[str, Any]], floor: Mapping[str, Any]) -> str:
    head = [
        "MB",
        "at once",
        "photos/s",
        "of the bare handler",
        "added p50 · p95 ms",
        "memory +MB",
        "kept after 3 s",
        "longest stall ms",
        "served",
    ]
    lines = []
    for row in rows:
        bare = floor.get(row["size"], {}).get("photos_per_second")
        share = (
            f"1 : {bare / row['photos_per_second']:.1f}" if bare and row["at_once"] == 30 else ""
        )
        lines.append(
            [
                row["size"],
                row["at_once"],
                f"{row['photos_per_second']:.1f}",
                share,
                _times(row),
                f"{row['memory_growth_mb']:.0f}",
                f"{row['memory_kept_mb']:.0f}",
                f"{row['longest_stall_ms']:.0f}",
                _served(row),
            ]
        )
    return table(head, lines)


def _cpu(rows: Sequence[Mapping[str, Any]], floor: Mapping[str, Any]) -> str:
    head = [
        "MB",
        "daemon, CPU ms a photo",
        "Pillow alone",
        "bare handler",
        "daemon / (Pillow + bare)",
        "PostgreSQL",
        "bare handler, photos/s",
    ]
    lines = []
    for row in rows:
        if row["at_once"] != 30 or row["size"] not in floor:
            continue
        bare = floor[row["size"]]
        least = bare["pillow_ms"] + bare["cpu_ms"]
        lines.append(
            [
                row["size"],
                f"{row['cpu_ms']:.0f}",
                f"{bare['pillow_ms']:.0f}",
                f"{bare['cpu_ms']:.1f}",
                f"{row['cpu_ms'] / least:.2f}",
                f"{row['postgres_cpu_ms']:.0f}",
                f"{bare['photos_per_second']:.0f}",
            ]
        )
    return table(head, lines)


def _added(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["MB", "at once", "added p50 · p95 ms", "photos/s", "longest stall ms", "served"]
    return table(
        head,
        [
            [
                row["size"],
                row["at_once"],
                _times(row),
                f"{row['photos_per_second']:.1f}",
                f"{row['longest_stall_ms']:.0f}",
                _served(row),
            ]
            for row in rows
        ],
    )


def _overload(found: Mapping[str, Any]) -> str:
    steady, burst = found["steady"], found["burst"]
    possible = steady["photos_per_second"] * 10
    return table(
        ["", "photos/s", "served", "of what 10 s allow", "last answer s", "answers"],
        [
            [
                "8 at once, steadily",
                f"{steady['photos_per_second']:.1f}",
                _served(steady),
                "",
                "",
                "",
            ],
            [
                "100 at once",
                f"{burst['photos_per_second']:.1f}",
                _served(burst),
                f"{100 * burst['served'] / min(100, possible):.0f} %",
                f"{burst['last_answer_seconds']:.1f}",
                ", ".join(f"{n} × {status}" for status, n in sorted(burst["statuses"].items())),
            ],
        ],
    )


def _results(found: Mapping[str, Any]) -> str:
    (ours, our_cpu), (static, static_cpu) = found["ours"], found["static"]
    return table(
        ["", "answers/s", "CPU ms"],
        [
            [
                "a stored result of 1 MB",
                f"{ours:.0f} ({100 * ours / static:.0f} %)",
                f"{our_cpu:.1f}",
            ],
            ["Tornado's StaticFileHandler", f"{static:.0f}", f"{static_cpu:.1f}"],
        ],
    )


def _times(row: Mapping[str, Any]) -> str:
    return f"{row['p50_added_ms']:.0f} · {row['p95_added_ms']:.0f}"


def _served(row: Mapping[str, Any]) -> str:
    return "all" if row["served"] == row["photos"] else f"{row['served']} of {row['photos']}"


def table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
