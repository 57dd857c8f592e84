"""The daemon's loop: timers between many ready sockets, and no event for a socket that is gone."""

from __future__ import annotations

import asyncio
import gc
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from photobooth_daemon.process.event_loop import EVENTS_AT_ONCE, FewAtOnceSelector, new_event_loop

Ready = list[socket.socket]


@pytest.fixture
def ready() -> Iterator[Ready]:
    """Twenty sockets with something to read."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(20):
            ours, theirs = (stack.enter_context(end) for end in socket.socketpair())
            theirs.send(b"x")
            sockets.append(ours)
        yield sockets


@pytest.fixture
def selector(ready: Ready) -> Iterator[FewAtOnceSelector]:
    with FewAtOnceSelector() as opened:
        for one in ready:
            opened.register(one, selectors.EVENT_READ)
        yield opened


def read(selector: FewAtOnceSelector) -> list[socket.socket]:
    seen = [key.fileobj for key, _ in selector.select(1)]
    for one in seen:
        assert isinstance(one, socket.socket)
        one.recv(1)
    return seen  # type: ignore[return-value]


def test_every_ready_socket_gets_its_turn(ready: Ready, selector: FewAtOnceSelector) -> None:
    turns = [read(selector) for _ in range(3)]
    assert [len(turn) for turn in turns] == [EVENTS_AT_ONCE, EVENTS_AT_ONCE, 4]
    assert {one.fileno() for turn in turns for one in turn} == {one.fileno() for one in ready}
    assert selector.select(0) == []


def test_a_socket_that_is_gone_meanwhile_is_left_out(
    ready: Ready, selector: FewAtOnceSelector
) -> None:
    served = read(selector)
    waiting = [one for one in ready if one not in served]
    for one in waiting[:-1]:
        selector.unregister(one)
    seen = [one for _ in range(3) for one in read(selector)]
    assert seen == [waiting[-1]]


def test_a_socket_that_waits_for_something_else_meanwhile_gets_that(
    ready: Ready, selector: FewAtOnceSelector
) -> None:
    served = read(selector)
    for one in served:
        selector.unregister(one)
    waiting = [one for one in ready if one not in served]
    for one in waiting:
        selector.modify(one, selectors.EVENT_WRITE)
    seen = {key.fd: events for _ in range(4) for key, events in selector.select(0)}
    assert seen == {one.fileno(): selectors.EVENT_WRITE for one in waiting}


def test_a_timer_is_called_between_ready_sockets(ready: Ready) -> None:
    loop = new_event_loop()
    try:
        served = 0
        served_before_the_timer: list[int] = []

        def serve(one: socket.socket) -> None:
            nonlocal served
            one.recv(1)
            served += 1

        for one in ready:
            loop.add_reader(one, serve, one)
        loop.call_soon(lambda: loop.call_later(0, lambda: served_before_the_timer.append(served)))
        loop.run_until_complete(asyncio.sleep(0.2))
        assert served == len(ready)
        assert served_before_the_timer[0] <= 2 * EVENTS_AT_ONCE
    finally:
        for one in ready:
            loop.remove_reader(one)
        loop.close()
        gc.unfreeze()
