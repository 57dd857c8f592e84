"""What commands print: tables for people, JSON for scripts; nothing that a terminal would obey."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.start_up import LoggingConfig
from photobooth_daemon.logs import configure_logging, printable, printable_lines


def log_to_stderr(config: LoggingConfig) -> None:
    """Log what is done on standard error: as configured, but as text to whoever sits there."""
    style = "text" if sys.stderr.isatty() else config.format
    configure_logging(level=config.level, style=style)


def say(line: str = "", *, err: bool = False) -> None:
    """Print one line, whatever is in it; to stderr with ``err``."""
    click.echo(printable(line), err=err)


def say_text(text: str, *, nl: bool = True) -> None:
    """Print text whose line ends are our own."""
    click.echo(printable_lines(text), nl=nl)


def print_json(value: Any) -> None:
    """Print a document, indented, instants and ids as the API writes them."""
    say_text(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_json_line(value: Any) -> None:
    """Print a document on one line."""
    say(json.dumps(value, ensure_ascii=False, default=_plain))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows in columns as wide as they need; nothing but the headings for no rows."""
    cells = [[_cell(value) for value in row] for row in rows]
    table = [list(headings), *cells]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(line.rstrip())


def print_fields(values: dict[str, Any]) -> None:
    """Print one thing, a line per field; what is nested as JSON."""
    width = max(len(key) for key in values)
    for key, value in values.items():
        say(f"{key.ljust(width)}  {_cell(value)}")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict | list | tuple):
        return printable(json.dumps(value, ensure_ascii=False, default=_plain))
    # Escaped before it is measured: one line per row, whatever somebody has typed into a label.
    return printable(str(value))


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
