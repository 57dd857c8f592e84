"""Held answers are bounded, and end with the process."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.administration.penalties import MOST_HELD, MOST_HELD_OF_ONE, Penalties
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import InvalidPassword

pytestmark = pytest.mark.usefixtures("io_loop")


def wrong() -> InvalidPassword:
    error = InvalidPassword()
    error.hold_seconds = 15.0
    return error


async def held(penalties: Penalties, addresses: list[str]) -> list[asyncio.Task[None]]:
    """The answers that wait, of one wrong password from each address."""
    answers = [asyncio.create_task(penalties.hold(wrong(), address)) for address in addresses]
    await asyncio.sleep(0.1)
    return [answer for answer in answers if not answer.done()]


async def test_few_of_one_address_and_a_bounded_number_in_all() -> None:
    penalties = Penalties(Clock())
    of_one = await held(penalties, [f"2001:db8::{n}" for n in range(20)])
    assert len(of_one) == MOST_HELD_OF_ONE
    of_all = await held(penalties, [f"10.0.{n % 100}.{n // 100}" for n in range(2 * MOST_HELD)])
    assert len(of_one) + len(of_all) == MOST_HELD
    penalties.end()
    async with asyncio.timeout(2):
        await asyncio.gather(*of_one, *of_all)
    assert await held(penalties, ["10.0.0.7"]) == []


async def test_none_is_held_longer_than_it_may_be() -> None:
    async with asyncio.timeout(2):
        await Penalties(Clock()).hold(wrong(), "10.0.0.7", at_most_seconds=0.1)
