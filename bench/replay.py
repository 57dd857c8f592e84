"""What daemons asked PostgreSQL for, read from its log and made into scripts for pgbench."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

PREFIX = "@@%p "
"""``log_line_prefix`` of a server whose log can be read here."""

_ENTRY = re.compile(r"^@@(\d+) (\w+):  (.*)$", re.DOTALL)
_STATEMENT = re.compile(r"^(?:statement|execute [\w<>]+): (.*)$", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COMMENT = re.compile(r"--[^\n]*")
_OF_SERVER = ("ALTER SYSTEM", "SELECT pg_reload_conf")


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement on one connection, as it was prepared, with the values it was given."""

    connection: int
    text: str
    values: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """The text on one line, without its comments, which would hide the rest of it."""
        return " ".join(_COMMENT.sub("", self.text).split())


def read(log: str) -> list[Asked]:
    """Return the statements in a piece of the log, in their order."""
    asked: list[Asked] = []
    for entry in re.split(r"(?m)^(?=@@\d+ )", log):
        found = _ENTRY.match(entry)
        if found is None:
            continue
        connection, kind, text = int(found[1]), found[2], found[3]
        if kind == "LOG" and (said := _STATEMENT.match(text)):
            if not said[1].startswith(_OF_SERVER):
                asked.append(Asked(connection, said[1].rstrip()))
        # PostgreSQL 16 and newer write the word with a capital.
        elif kind == "DETAIL" and text.lower().startswith("parameters: ") and asked:
            values = tuple(value for _, value in _PARAMETER.findall(text))
            asked[-1] = Asked(connection, asked[-1].text, values)
    return asked


def without(asked: Iterable[Asked], shapes: Collection[str]) -> list[Asked]:
    """Leave out what is asked at rest, too; a transaction that is empty then goes with it."""
    kept: list[Asked] = []
    for transaction in _transactions(asked):
        inner = [one for one in transaction if one.shape not in shapes]
        if any(one.shape.rstrip(";") not in ("BEGIN", "COMMIT", "ROLLBACK") for one in inner):
            kept += inner
    return kept


def script(asked: Iterable[Asked]) -> str:
    """Return a pgbench script that asks the same again, each time for a photo of its own."""
    lines = [r"\set photo random(1, 9000000000000000)"]
    names: dict[str, str] = {}

    def of_photo(uuid: str) -> str:
        number = names.setdefault(uuid, str(len(names)))
        return f"md5('{number}.' || :photo)::uuid"

    def own(literal: str) -> str:
        """Ids stand alone, in arrays and in JSON."""
        text = literal.strip("'")
        if _UUID.fullmatch(text):
            return of_photo(text)
        if not _UUID.search(text) or not text.startswith("{"):
            return literal
        pieces = _UUID.sub(lambda found: f"' || {of_photo(found[0])} || '", literal)
        return f"({pieces})::{'jsonb' if chr(34) in text else 'uuid[]'}"

    for one in asked:
        values = [own(value) for value in one.values]
        text = re.sub(r"\$(\d+)", lambda n: values[int(n[1]) - 1], one.shape)  # noqa: B023
        lines.append(f"{text.rstrip(';')};")
    return "\n".join(lines) + "\n"


def _transactions(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    """Give each transaction in one piece, in the order of their ends."""
    opened: dict[int, list[Asked]] = {}
    for one in asked:
        word = one.shape.rstrip(";")
        if one.connection in opened:
            opened[one.connection].append(one)
            if word in ("COMMIT", "ROLLBACK"):
                yield opened.pop(one.connection)
        elif word == "BEGIN":
            opened[one.connection] = [one]
        else:
            yield [one]
