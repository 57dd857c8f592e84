"""Tables as spreadsheets read them, and do not run them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return the rows as CSV (RFC 4180), text that would be a formula behind an apostrophe.

    Numbers are left as they are: a minus before a digit begins no formula.
    """
    text = StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value
