"""What each model of the Images API takes, read from ``x-models`` of the schema file.

Unlike other APIs this one refuses what a model does not know, so only the
fields of the model's own row are sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

AUTO = "auto"
EDGE_PX = 1024
"""A picture of about this edge squared is what the window has time for."""
STEEPEST_RATIO = 3.0


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One row: which models, the fields they take, their sizes (none: any in steps).

    ``max_edges_px`` are the longer and the shorter edge at most; none: as asked.
    """

    models: str
    params: Sequence[str]
    sizes: Sequence[str]
    size_step_px: int
    max_edges_px: Sequence[int]
    qualities: Sequence[str]
    image_field: str


def row_for(rows: Iterable[Mapping[str, Any]], model: str) -> ModelRow:
    """Return the first row whose pattern matches; the last one matches everything."""
    row = next(row for row in rows if fnmatchcase(model, row["models"]))
    return ModelRow(
        row["models"],
        row["params"],
        row["sizes"],
        row.get("size_step_px", 16),
        row.get("max_edges_px", ()),
        row["qualities"],
        row["image_field"],
    )


def fields_for(row: ModelRow, params: Mapping[str, Any], width: int, height: int) -> dict[str, str]:
    """Return the form fields of a request, beside model, prompt and pictures."""
    wanted = dict(params)
    if wanted.get("background") == "transparent" and wanted.get("output_format") == "jpeg":
        wanted["output_format"] = "png"
    if wanted.get("output_format") == "png":
        wanted.pop("output_compression", None)
    quality = wanted.get("quality", AUTO)
    if quality != AUTO and quality not in row.qualities:
        wanted["quality"] = row.qualities[-1] if row.qualities else AUTO
    fields = {"n": "1", "size": size_for(row, wanted.get("size", AUTO), width, height)}
    for name in row.params:
        if name in wanted and wanted[name] != AUTO:
            fields[name] = str(wanted[name])
    for name, value in wanted.get("extra", {}).items():
        fields[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return fields


def size_for(row: ModelRow, wanted: str, width: int, height: int) -> str:
    """Return the size asked for, or the one nearest the photo's proportions, as the model can."""
    if wanted in row.sizes:
        return wanted
    if wanted != AUTO:
        width, height = (int(edge) for edge in wanted.split("x"))
    if row.sizes:
        ratio = width / height
        return min(row.sizes, key=lambda size: abs(math.log(_ratio(size) / ratio)))
    if wanted == AUTO:
        ratio = min(STEEPEST_RATIO, max(1 / STEEPEST_RATIO, width / height))
        width, height = round(EDGE_PX * math.sqrt(ratio)), round(EDGE_PX / math.sqrt(ratio))
    longer, shorter = max(width, height), min(width, height)
    if row.max_edges_px:
        longer = min(longer, round(STEEPEST_RATIO * shorter))
        share = min(1, row.max_edges_px[0] / longer, row.max_edges_px[1] / shorter)
        longer, shorter = round(longer * share), round(shorter * share)
    longer, shorter = (
        max(1, round(e / row.size_step_px)) * row.size_step_px for e in (longer, shorter)
    )
    if row.max_edges_px:
        # Rounding may have led out again; multiples of a step stay multiples.
        longer = min(longer, round(STEEPEST_RATIO * shorter))
    return f"{longer}x{shorter}" if width >= height else f"{shorter}x{longer}"


def _ratio(size: str) -> float:
    width, _, height = size.partition("x")
    return int(width) / int(height)
