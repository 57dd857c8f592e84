"""bcrypt, off the loop, and never asked what its versions answer differently.

A password over 72 bytes or with a NUL is refused here: old bcrypt cuts it
silently, new bcrypt raises.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

import bcrypt

MIN_PASSWORD_BYTES = 8
MAX_PASSWORD_BYTES = 72
REMEMBERED_VERDICTS = 1024


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

    def __init__(self, rounds: int = 12) -> None:
        self._rounds = rounds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")
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


class IngestPasswordVerdicts:
    """Remembers what bcrypt said about ingest passwords, so that it runs once per password.

    What is remembered is (stored hash, HMAC of the password under a key that
    lives as long as the process): a new hash makes every old verdict
    unreachable, and memory never holds a password. Of one asker no more than one
    password is with bcrypt at a time, so that whoever guesses waits for himself.
    """

    def __init__(self, passwords: Passwords, remembered: int = REMEMBERED_VERDICTS) -> None:
        self._passwords = passwords
        self._remembered = remembered
        self._key = secrets.token_bytes(32)
        self._verdicts: OrderedDict[tuple[str, bytes], bool] = OrderedDict()
        self._running: dict[tuple[str, bytes], asyncio.Task[bool]] = {}
        self._of_asker: dict[str, asyncio.Task[bool]] = {}

    async def verify(self, password: str | bytes, stored_hash: str | None, *, asker: str) -> bool:
        """Return whether the password is right; checks of the same one at once share one bcrypt."""
        data = _bytes_of(password)
        if stored_hash is None or not fits_bcrypt(data):
            return False
        question = (stored_hash, hmac.digest(self._key, data, hashlib.sha256))
        while True:
            remembered = self._verdicts.get(question)
            if remembered is not None:
                self._verdicts.move_to_end(question)
                return remembered
            check = self._running.get(question)
            if check is None and asker not in self._of_asker:
                check = asyncio.create_task(self._ask(question, data, asker))
                self._running[question] = self._of_asker[asker] = check
            if check is not None:
                return await asyncio.shield(check)
            await asyncio.wait([self._of_asker[asker]])

    async def _ask(self, question: tuple[str, bytes], password: bytes, asker: str) -> bool:
        try:
            verdict = await self._passwords.verify(password, question[0])
        finally:
            del self._running[question], self._of_asker[asker]
        self._verdicts[question] = verdict
        if len(self._verdicts) > self._remembered:
            self._verdicts.popitem(last=False)
        return verdict


def _bytes_of(password: str | bytes) -> bytes:
    return password.encode("utf-8", "surrogatepass") if isinstance(password, str) else password
