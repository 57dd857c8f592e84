"""Names and texts as SQL takes them."""

from __future__ import annotations


def quote_identifier(name: str) -> str:
    """Return the name as SQL takes it, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return the text as SQL takes it, whatever characters it has."""
    return "'" + text.replace("'", "''") + "'"
