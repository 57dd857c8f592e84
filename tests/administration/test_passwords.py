"""bcrypt runs in its own thread, once per password, and never sees what it would cut or refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from photobooth_daemon.administration.passwords import (
    IngestPasswordVerdicts,
    Passwords,
    new_password_fault,
)
from photobooth_daemon.errors import RateLimited

pytestmark = pytest.mark.usefixtures("io_loop")


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(rounds=4)
    yield made
    made.close()


class CountedPasswords(Passwords):
    """Counts how often bcrypt is asked."""

    def __init__(self) -> None:
        super().__init__(rounds=4)
        self.asked = 0

    async def verify(self, password: str | bytes, stored_hash: str | None) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return await super().verify(password, stored_hash)


class Free:
    """A turn that comes at once."""

    async def take(self) -> None:
        pass

    async def give_back(self) -> None:
        pass


FREE = Free()


@pytest.fixture
def counted() -> Iterator[CountedPasswords]:
    made = CountedPasswords()
    yield made
    made.close()


async def test_a_hash_is_good_for_its_password_alone(passwords: Passwords) -> None:
    stored = await passwords.hash("пароль-42")
    assert await passwords.verify("пароль-42", stored)
    assert await passwords.verify("пароль-42".encode(), stored)
    assert not await passwords.verify("пароль-43", stored)


async def test_over_72_bytes_is_refused_and_not_cut(passwords: Passwords) -> None:
    stored = await passwords.hash("x" * 72)
    assert await passwords.verify("x" * 72, stored)
    assert not await passwords.verify("x" * 73, stored)
    with pytest.raises(ValueError, match="bcrypt"):
        await passwords.hash("x" * 73)


@pytest.mark.parametrize("odd", ["", "abc\0defgh", "\ud800" * 8, b"\xff\xfe" * 8])
async def test_odd_passwords_are_wrong_ones(passwords: Passwords, odd: str | bytes) -> None:
    stored = await passwords.hash("abc-defgh")
    assert not await passwords.verify(odd, stored)


async def test_a_user_without_a_hash_costs_a_bcrypt_too(passwords: Passwords) -> None:
    assert not await passwords.verify("anything at all", None)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("a booth's own", None),
        ("12345678", "tries first"),
        ("Password", "tries first"),
        ("любовь12", None),
        ("Кирилл-и-Ко", "user's name"),
        ("я" * 36, None),
        ("1234567", "8 to 72 bytes"),
        ("я" * 37, "8 to 72 bytes"),
        ("1234\x005678", "NUL"),
        (12345678, "string"),
        (None, "string"),
    ],
)
def test_what_a_new_password_may_be(password: object, fault: str | None) -> None:
    found = new_password_fault(password, username="кирилл-и-ко")
    assert (found is None) if fault is None else (found is not None and fault in found)


async def test_thirty_photos_at_once_ask_bcrypt_once(counted: CountedPasswords) -> None:
    stored = await counted.hash("booth-password")
    verdicts = IngestPasswordVerdicts(counted)
    answers = await asyncio.gather(
        *(verdicts.verify("booth-password", stored, asker=str(n), turn=FREE) for n in range(30))
    )
    assert answers == [True] * 30
    assert await verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    assert counted.asked == 1


async def test_a_new_hash_makes_the_old_verdict_unreachable(counted: CountedPasswords) -> None:
    verdicts = IngestPasswordVerdicts(counted)
    old, new = await counted.hash("old-password"), await counted.hash("new-password")
    assert await verdicts.verify("old-password", old, asker="10.0.0.7", turn=FREE)
    assert not await verdicts.verify("old-password", new, asker="10.0.0.7", turn=FREE)
    assert await verdicts.verify("new-password", new, asker="10.0.0.7", turn=FREE)


async def test_wrong_passwords_do_not_fill_the_memory(counted: CountedPasswords) -> None:
    stored = await counted.hash("booth-password")
    verdicts = IngestPasswordVerdicts(counted, remembered=3)
    for guess in range(10):
        assert not await verdicts.verify(f"guess-{guess}", stored, asker="10.0.0.7", turn=FREE)
    asked = counted.asked
    assert not await verdicts.verify("guess-9", stored, asker="10.0.0.7", turn=FREE)
    assert counted.asked == asked
    assert not await verdicts.verify("guess-0", stored, asker="10.0.0.7", turn=FREE)
    assert counted.asked == asked + 1


async def test_a_client_that_hangs_up_does_not_spoil_the_check(counted: CountedPasswords) -> None:
    stored = await counted.hash("booth-password")
    verdicts = IngestPasswordVerdicts(counted)
    first = asyncio.create_task(
        verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    )
    second = asyncio.create_task(
        verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    )
    await asyncio.sleep(0)
    first.cancel()
    assert await second
    assert counted.asked == 1


async def test_whoever_guesses_keeps_only_himself_waiting(counted: CountedPasswords) -> None:
    stored = await counted.hash("booth-password")
    verdicts = IngestPasswordVerdicts(counted)
    guesses = [
        asyncio.create_task(verdicts.verify(f"guess-{guess}", stored, asker="10.0.0.66", turn=FREE))
        for guess in range(20)
    ]
    await asyncio.sleep(0)
    assert await verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    assert counted.asked <= 4
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert answers[:2] == [False] * 2
    assert all(isinstance(answer, RateLimited) for answer in answers[2:])
    assert counted.asked == 3


async def test_wrong_ones_do_not_push_the_right_one_out(counted: CountedPasswords) -> None:
    stored = await counted.hash("booth-password")
    verdicts = IngestPasswordVerdicts(counted, remembered=3)
    assert await verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    for guess in range(5):
        await verdicts.verify(f"guess-{guess}", stored, asker="10.0.0.66", turn=FREE)
    asked = counted.asked
    assert await verdicts.verify("booth-password", stored, asker="10.0.0.7", turn=FREE)
    assert counted.asked == asked


async def test_without_an_ingest_password_every_one_is_wrong(counted: CountedPasswords) -> None:
    assert not await IngestPasswordVerdicts(counted).verify("anything", None, asker="", turn=FREE)
