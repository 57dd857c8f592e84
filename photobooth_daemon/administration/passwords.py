"""bcrypt, off the loop, and never asked what its versions answer differently.

A password over 72 bytes or with a NUL is refused here: old bcrypt cuts it
silently, new bcrypt raises.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any, Protocol

import bcrypt

from photobooth_daemon.errors import RateLimited

HASH_ROUNDS = 12
"""A quarter of a second for each guess; twice as long with each round more."""
MIN_PASSWORD_BYTES = 8
MAX_PASSWORD_BYTES = 72
REMEMBERED_VERDICTS = 1024
MOST_WAITING = 1
"""Passwords of one asker that wait while another one of his is looked at: each keeps a seat."""

_Question = tuple[str, bytes]


def fits_bcrypt(password: bytes) -> bool:
    """Return whether bcrypt would look at every byte of ``password``."""
    return 0 < len(password) <= MAX_PASSWORD_BYTES and b"\0" not in password


def new_password_fault(password: Any, *, username: str | None = None) -> str | None:
    """Return what is wrong with a new password, in words; None if it can be taken.

    Whoever guesses begins with the name and with what everybody takes.
    """
    if not isinstance(password, str):
        return "must be a string"
    size_bytes = len(_bytes_of(password))
    if not MIN_PASSWORD_BYTES <= size_bytes <= MAX_PASSWORD_BYTES:
        return (
            f"must be {MIN_PASSWORD_BYTES} to {MAX_PASSWORD_BYTES} bytes of UTF-8; "
            f"this is {size_bytes}"
        )
    if "\0" in password:
        return "must not contain a NUL character"
    folded = password.casefold()
    if username is not None and folded == username.casefold():
        return "must not be the user's name"
    if folded in _commonest():
        return "is one of the passwords that everybody tries first; choose another"
    return None


def _commonest() -> set[str]:
    """Return the passwords that are tried first, of those that are long enough; lower case.

    Read anew each time: a new password is rare, and the list would stay in memory for ever.
    """
    text = (files(__package__) / "common_passwords.txt").read_text("utf-8")
    return {line for line in text.splitlines() if not line.startswith("# ")}


class Passwords:
    """Hashes and checks passwords in a thread of its own, so that photos never queue behind it."""

    def __init__(self, rounds: int = HASH_ROUNDS) -> None:
        self._rounds = rounds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")
        self._lines: dict[str, asyncio.Lock] = {}
        self._in_line: Counter[str] = Counter()
        self._nobody = bcrypt.gensalt(rounds) + b"." * 31

    async def hash(self, password: str) -> str:
        """Return the bcrypt hash.

        Raises:
            ValueError: the password does not fit bcrypt; the caller validates first.
        """
        data = password.encode()
        if not fits_bcrypt(data):
            raise ValueError("the password does not fit bcrypt")
        loop = asyncio.get_running_loop()
        hashed = await loop.run_in_executor(
            self._thread, lambda: bcrypt.hashpw(data, bcrypt.gensalt(self._rounds))
        )
        return hashed.decode("ascii")

    async def verify_for(self, asker: str, password: str, stored_hash: str | None) -> bool:
        """Return the same as :meth:`verify`, one at a time for each asker: others go in between."""
        line = self._lines.setdefault(asker, asyncio.Lock())
        self._in_line[asker] += 1
        try:
            async with line:
                return await self.verify(password, stored_hash)
        finally:
            self._in_line[asker] -= 1
            if not self._in_line[asker]:
                del self._in_line[asker], self._lines[asker]

    async def verify(self, password: str | bytes, stored_hash: str | None) -> bool:
        """Return whether the password is the hashed one; as slowly when there is no hash at all."""
        data = _bytes_of(password)
        if not fits_bcrypt(data):
            return False
        against = self._nobody if stored_hash is None else stored_hash.encode("ascii")
        loop = asyncio.get_running_loop()
        same = await loop.run_in_executor(self._thread, bcrypt.checkpw, data, against)
        return same and stored_hash is not None

    def close(self) -> None:
        """Stop the thread; checks that have not begun are dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Turn(Protocol):
    """The place of one asker in the row of those who try passwords."""

    async def take(self) -> None:
        """Wait until the asker may try one, and count it as wrong until it is known.

        Raises:
            PhotoboothError: it does not come in time.
        """
        ...

    async def give_back(self) -> None:
        """Count it as right."""
        ...


class IngestPasswordVerdicts:
    """Remembers what bcrypt said about ingest passwords, so that it runs once per password.

    What is remembered is (stored hash, HMAC of the password under a key that
    lives as long as the process): a new hash makes every old verdict
    unreachable, and memory never holds a password. Of one asker no more than one
    password is with bcrypt at a time, and only when it is its turn, so that
    whoever guesses waits for himself. A remembered right one waits for nobody.
    """

    def __init__(self, passwords: Passwords, remembered: int = REMEMBERED_VERDICTS) -> None:
        self._passwords = passwords
        self._remembered = remembered
        self._key = secrets.token_bytes(32)
        self._right: _Question | None = None
        self._wrong: OrderedDict[_Question, None] = OrderedDict()
        self._running: dict[_Question, asyncio.Task[bool]] = {}
        self._of_asker: dict[str, asyncio.Task[bool]] = {}
        self._waiting: Counter[str] = Counter()

    async def verify(
        self, password: str | bytes, stored_hash: str | None, *, asker: str, turn: Turn
    ) -> bool:
        """Return whether the password is right; checks of the same one at once share one bcrypt.

        Raises:
            RateLimited: so many other passwords of this asker wait already.
            PhotoboothError: as ``turn.take`` does.
        """
        data = _bytes_of(password)
        if stored_hash is None or not fits_bcrypt(data):
            return False
        question = (stored_hash, hmac.digest(self._key, data, hashlib.sha256))
        while True:
            if question == self._right:
                return True
            if question in self._wrong:
                self._wrong.move_to_end(question)
                return False
            check = self._running.get(question)
            if check is None and asker not in self._of_asker:
                check = asyncio.create_task(self._ask(question, data, asker, turn))
                self._running[question] = self._of_asker[asker] = check
            if check is not None:
                return await asyncio.shield(check)
            await self._wait_for_others(asker)

    async def _wait_for_others(self, asker: str) -> None:
        if self._waiting[asker] >= MOST_WAITING:
            raise RateLimited("Too many passwords wait to be checked.", retry_after_seconds=1.0)
        self._waiting[asker] += 1
        try:
            await asyncio.wait([self._of_asker[asker]])
        finally:
            self._waiting[asker] -= 1
            if not self._waiting[asker]:
                del self._waiting[asker]

    async def _ask(self, question: _Question, password: bytes, asker: str, turn: Turn) -> bool:
        try:
            await turn.take()
            right = await self._passwords.verify(password, question[0])
        finally:
            del self._running[question], self._of_asker[asker]
        if right:
            self._right = question
            await turn.give_back()
            return True
        self._wrong[question] = None
        if len(self._wrong) > self._remembered:
            self._wrong.popitem(last=False)
        return False


def _bytes_of(password: str | bytes) -> bytes:
    return password.encode("utf-8", "surrogatepass") if isinstance(password, str) else password
