"""Reads typed values out of the merged configuration and collects every fault.

A reader never stops at the first fault: it notes it, hands back the default
and goes on, so that one look at the output is enough to mend the file.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from photobooth_daemon.errors import ConfigError, Fault

T = TypeVar("T")
MAX_SECRET_BYTES = 64 * 1024
CREDENTIALS_PREFIX = "photobooth_"


def parse_listen_address(text: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[v6]:port``.

    Raises:
        ValueError: the text is neither.
    """
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be written host:port, such as 0.0.0.0:8080")
    return host, int(port)


class Reader:
    """The merged tables, the faults found in them so far, and the keys nobody asked for."""

    def __init__(
        self, values: dict[str, Any], origin: dict[str, str], *, credentials_dir: Path | None
    ) -> None:
        self._values = values
        self._origin = origin
        self._faults: list[Fault] = []
        self._known: set[tuple[str, ...]] = set()
        self.credentials_dir = credentials_dir

    def section(self, *keys: str) -> Section:
        """Return the reader of one table; an absent table reads as empty."""
        table: Any = self._values
        for depth, key in enumerate(keys):
            self._known.add(keys[: depth + 1])
            table = table.get(key, {})
            if not isinstance(table, dict):
                self.note(".".join(keys[: depth + 1]), "must be a table, not a value")
                table = {}
        return Section(self, keys, table)

    def tables(self, key: str) -> list[str]:
        """Return the names of the tables below ``key``."""
        self._known.add((key,))
        tables = self._values.get(key, {})
        return sorted(tables) if isinstance(tables, dict) else []

    def credential(self, name: str) -> Path | None:
        """Return the file of a systemd credential, or None where there is no such credential.

        Those of a directory carry the name that the unit gives the directory before their own
        (systemd.exec(5), LoadCredential=).
        """
        if self.credentials_dir is None:
            return None
        for file_name in (name, f"{CREDENTIALS_PREFIX}{name}"):
            if (self.credentials_dir / file_name).is_file():
                return self.credentials_dir / file_name
        return None

    def credentials_ending(self, suffix: str) -> list[str]:
        """Return what stands before the suffix in the names of the credentials that have it."""
        if self.credentials_dir is None or not self.credentials_dir.is_dir():
            return []
        names = (file.name for file in self.credentials_dir.iterdir())
        return sorted(
            name.removeprefix(CREDENTIALS_PREFIX).removesuffix(suffix)
            for name in names
            if name.endswith(suffix)
        )

    def know(self, keys: tuple[str, ...]) -> None:
        """Remember that a key exists, so that it is not reported as unknown."""
        self._known.add(keys)

    def note(self, key_path: str, message: str) -> None:
        """Collect a fault, under the environment variable's name where the value came from one."""
        variable = self._origin.get(key_path)
        self._faults.append(Fault(f"{key_path} ({variable})" if variable else key_path, message))

    def came_from_environment(self, key_path: str) -> bool:
        """Return whether the value is the environment's rather than the file's."""
        return key_path in self._origin

    def finish(self) -> None:
        """Report everything that was wrong.

        Raises:
            ConfigError: there was at least one fault or unknown key.
        """
        for keys in _leaves(self._values):
            if keys not in self._known:
                self.note(".".join(keys), "is not a key of this program")
        if self._faults:
            raise ConfigError(self._faults)


class Section:
    """One table of the configuration; each method reads one key and its default."""

    def __init__(self, reader: Reader, keys: tuple[str, ...], table: dict[str, Any]) -> None:
        self._reader = reader
        self._keys = keys
        self._table = table

    def fault(self, key: str, message: str) -> None:
        """Collect a fault of this key."""
        self._reader.note(self._path(key), message)

    def text(self, key: str, default: str | None = None) -> str | None:
        """Return a string, or the default."""
        value = self._get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fault(key, "must be a string")
            return default
        return value or default

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; the environment gives them separated by commas."""
        value = self._get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            self.fault(key, "must be a list of strings")
            return ()
        return tuple(value)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number within the bounds."""
        return int(self._bounded(key, default, low, high, int, "a whole number"))

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number within the bounds."""
        return float(self._bounded(key, default, low, high, float, "a number"))

    def boolean(self, key: str, default: bool) -> bool:
        """Return a truth value; the environment writes true or false."""
        value = self._get(key)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            value = value.lower() == "true"
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, "must be true or false")
            return default
        return value

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of the words."""
        value = self.text(key) or default
        if value not in choices:
            self.fault(key, f"must be one of {', '.join(choices)}")
            return default
        return value

    def path(self, key: str, default: Path) -> Path:
        """Return an absolute path."""
        value = self.text(key)
        if value is None:
            return default
        if not Path(value).is_absolute():
            self.fault(key, "must be an absolute path")
            return default
        return Path(value)

    def optional_path(self, key: str) -> Path | None:
        """Return an absolute path, or None where the key is absent."""
        return None if self.text(key) is None else self.path(key, Path())

    def existing_file(self, key: str) -> Path | None:
        """Return the path of a file that is there, or None where the key is absent."""
        value = self.text(key)
        if value is None:
            return None
        if not Path(value).is_file():
            self.fault(key, "names a file that does not exist")
        return Path(value)

    def url(self, key: str) -> str | None:
        """Return an http(s) URL without its trailing slash."""
        value = self.text(key)
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.fault(key, "must be an http:// or https:// URL")
            return None
        return value.rstrip("/")

    def networks(self, key: str) -> tuple[str, ...]:
        """Return addresses or networks in CIDR form."""
        for value in (values := self.texts(key)):
            try:
                ipaddress.ip_network(value, strict=False)
            except ValueError:
                self.fault(key, f"{value!r} is not an address or a network")
        return values

    def parsed(self, key: str, parse: Callable[[str], T], default: T) -> T:
        """Return what ``parse`` makes of the text; its ValueError becomes the fault."""
        value = self.text(key)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.fault(key, str(error))
            return default

    def secret(
        self, key: str, *, credential: str, allow_inline: bool = False
    ) -> tuple[str | None, str | None]:
        """Return a secret and its source: ``environment``, ``config`` or ``credential``.

        The environment wins, then the key itself where the file may hold it,
        then ``<key>_file``, then the systemd credential of that name.
        """
        inline, file = self.text(key), self.text(f"{key}_file")
        if inline is not None and self._reader.came_from_environment(self._path(key)):
            return inline, "environment"
        if inline is not None and not allow_inline:
            self.fault(key, f"is a secret: put it into a file and name that in {key}_file")
            return None, None
        if inline is not None:
            return inline, "config"
        if file is not None:
            return self._read_secret_file(f"{key}_file", Path(file)), "config"
        credential_file = self._reader.credential(credential)
        if credential_file is not None:
            return self._read_secret_file(key, credential_file), "credential"
        return None, None

    def secret_url(self, key: str, *, credential: str) -> str | None:
        """Return an http(s) URL that may hold a token: from the file itself or as a secret."""
        value, _ = self.secret(key, credential=credential, allow_inline=True)
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.fault(key, "must be an http:// or https:// URL")
            return None
        return value

    def _read_secret_file(self, key: str, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                return file.read(MAX_SECRET_BYTES).decode("utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            self.fault(key, f"cannot be read ({type(error).__name__})")
            return None

    def _bounded(
        self, key: str, default: float, low: float, high: float, kind: type, noun: str
    ) -> float:
        value = self._get(key)
        if isinstance(value, str):
            try:
                value = kind(value)
            except ValueError:
                self.fault(key, f"must be {noun}")
                return default
        if value is None:
            return default
        accepted = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, accepted):
            self.fault(key, f"must be {noun}")
            return default
        if not low <= value <= high:
            self.fault(key, f"must be between {low} and {high}")
            return default
        return value

    def _get(self, key: str) -> Any:
        self._reader.know((*self._keys, key))
        return self._table.get(key)

    def _path(self, key: str) -> str:
        return ".".join((*self._keys, key))


def _leaves(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    for key, value in table.items():
        keys = (*above, key)
        if isinstance(value, dict) and value:
            yield from _leaves(value, keys)
        else:
            yield keys
