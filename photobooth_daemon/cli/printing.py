"""What commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from photobooth_daemon.clock import rfc3339


def print_json(value: Any) -> None:
    """Print a document, indented, instants and ids as the API writes them."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows in columns as wide as they need; nothing but the headings for no rows."""
    cells = [[_cell(value) for value in row] for row in rows]
    table = [list(headings), *cells]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def print_fields(values: dict[str, Any]) -> None:
    """Print one thing, a line per field; what is nested as JSON."""
    width = max(len(key) for key in values)
    for key, value in values.items():
        click.echo(f"{key.ljust(width)}  {_cell(value)}")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    # One line per row, whatever somebody has typed into a label.
    return str(value).replace("\n", " ").replace("\t", " ")


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
