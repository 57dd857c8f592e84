"""One event, one line: JSON for journald and collectors, plain text for a terminal.

Whatever strangers wrote is escaped, in both: no field of theirs makes a second
line, a field that is not there, or a terminal's command.

Every line carries the fields bound around it (``request_id``, ``job_id``,
``slot_id`` …), so that a photo's whole story is one search. What must never be
logged cannot be: bytes appear as their length, long text is cut, and the
finished line passes :class:`SecretMask` as the last net.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from textwrap import indent
from typing import Any, TextIO
from urllib.parse import quote

LONGEST_TEXT = 500
LONGEST_MESSAGE = 2000
SHORTEST_SECRET = 6
HIDDEN = "***"

_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|token|api_?key|authorization|cookie|body")
_SECRET_SHAPES = (
    ("", re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    ("eyJ", re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"), HIDDEN),
    ("://", re.compile(r"(?<=://)[^/\s\"'?#]+@"), f"{HIDDEN}@"),
    (
        "=",
        re.compile(
            r"(?i)\b([\w.-]*(?:passw(?:or)?d|secret|token|key|signature|credential)|sig|auth)"
            r"=[^&\s\"']+"
        ),
        rf"\1={HIDDEN}",
    ),
    ("", re.compile(r"[A-Za-z0-9+/_-]{200,}={0,2}"), HIDDEN),
)
"""Each with what it cannot be without: to look for that alone takes a hundredth of the time."""
_PLAIN_VALUE = re.compile(r"[^\s=\"']+")
_JOURNAL_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: a terminal obeys them
    "\u2028\u2029"  # line and paragraph separator
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # reading direction
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # unseen
    "\ud800-\udfff"  # halves of characters, which no stream can write
    "]"
)


def printable(text: str) -> str:
    """Return ``text`` as one line that no terminal obeys and no reader takes for two."""
    return _UNSAFE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Return the same of text that has lines of its own, which stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _SHORT:
        return _SHORT[character]
    # JSON knows nothing beyond 16 bits but pairs.
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def bind_log_fields(**fields: object) -> None:
    """Add fields to every further line of the current task and the tasks it starts."""
    _fields.set({**current_log_fields(), **fields})


def current_log_fields() -> Mapping[str, object]:
    """Return what is bound in the current task."""
    return _fields.get({})


class SecretMask:
    """Replaces secrets in text: the configured ones by value, others by their shape."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form
            for secret in secrets
            if len(secret) >= SHORTEST_SECRET
            for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
        }
        longest_first = sorted(forms, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced."""
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        for sign, shape, replacement in _SECRET_SHAPES:
            if sign in text:
                text = shape.sub(replacement, text)
        return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line: timestamp, level, logger, message, then the fields."""

    def __init__(self, mask: SecretMask, *, journal: bool = False) -> None:
        super().__init__()
        self._mask = mask
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._mask(message_of(record)),
        }
        for name, value in fields_of(record).items():
            line.setdefault(name, self._masked(value))
        if record.exc_info:
            line["exception"] = self._mask(self.formatException(record.exc_info))
        text = printable(json.dumps(line, ensure_ascii=False, default=str))
        return f"<{_JOURNAL_PRIORITY.get(record.levelname, 6)}>{text}" if self._journal else text

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask(value)
        if isinstance(value, dict):
            return {key: self._masked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        return value


class TextFormatter(logging.Formatter):
    """A line a person reads: time, level, message, then the fields as name=value."""

    def __init__(self, mask: SecretMask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        fields = " ".join(f"{name}={_shown(value)}" for name, value in fields_of(record).items())
        where = record.name.removeprefix("photobooth_daemon.")
        message = printable(message_of(record))
        text = f"{at:%H:%M:%S.%f}"[:12] + f" {record.levelname:<7} {where}: {message}"
        text = f"{text}  {fields}" if fields else text
        if record.exc_info:
            # Set in, so that no line of an error's text passes for one of the log.
            text += "\n" + indent(printable_lines(self.formatException(record.exc_info)), "    ")
        return self._mask(text)


def configure_logging(
    *,
    level: str = "info",
    style: str = "auto",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every logger's lines to ``stream`` (stderr), masked, as ``json`` or ``text``.

    ``auto`` is text on a terminal and JSON anywhere else. Calling it again
    replaces the earlier set-up.
    """
    stream = stream or sys.stderr
    if style == "auto":
        style = "text" if stream.isatty() else "json"
    mask = SecretMask(secrets)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        JsonFormatter(mask, journal=_is_journal(stream)) if style == "json" else TextFormatter(mask)
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, JsonFormatter | TextFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # asyncio tells of its selector and aiohttp of its parser at debug level; nobody asked.
    for noisy in ("asyncio", "aiohttp", "PIL"):
        logging.getLogger(noisy).setLevel(max(logging.INFO, root.level))


def message_of(record: logging.LogRecord) -> str:
    """Return the record's message, cut; bytes among its arguments appear as their length."""
    args = record.args
    if isinstance(args, tuple):
        args = tuple(_without_bytes(arg) for arg in args)
    try:
        text = str(record.msg) % args if args else str(record.msg)
    except (TypeError, ValueError):
        text = str(record.msg)
    return _cut(text, LONGEST_MESSAGE)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields bound around the line and those given with it, made safe to write."""
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    known = {name: value for name, value in given.items() if value is not None}
    return {
        name: HIDDEN if _SECRET_NAME.search(name) else _safe(value)
        for name, value in {**current_log_fields(), **known}.items()
    }


def _shown(value: Any) -> str:
    """Return a field's value as a text line holds it: quoted where it could pass for more."""
    text = str(value)
    plain = _PLAIN_VALUE.fullmatch(text) is not None
    return printable(text if plain else json.dumps(text, ensure_ascii=False))


def _safe(value: Any) -> Any:
    value = _without_bytes(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN if _SECRET_NAME.search(str(key)) else _safe(item)
            for key, item in list(value.items())[:50]
        }
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value[:50]]
    return _cut(str(value), LONGEST_TEXT)


def _without_bytes(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def _is_journal(stream: TextIO) -> bool:
    """Return whether systemd reads this stream: it then takes a priority before each line."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
