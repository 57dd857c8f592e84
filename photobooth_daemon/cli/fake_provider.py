"""``photoboothctl fake-provider``: a provider to rehearse with, faults included."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from photobooth_daemon.cli.printing import say
from photobooth_daemon.config.values import parse_listen_address

if TYPE_CHECKING:
    from photobooth_daemon.rehearsal.fake_picture import Painter
    from photobooth_daemon.rehearsal.fake_provider import FakeProvider

SHORTHANDS = {
    "refuse": ("image_safety", "the picture is refused for its content"),
    "no-image": ("no_image", "a 200 comes without a picture"),
    "overload": ("overloaded", "the model is overloaded"),
    "quota": ("quota", "the quota is used up for a moment"),
    "garbage": ("garbage", "the answer means nothing"),
    "drop": ("drop", "the connection is closed without an answer"),
    "hang": ("hang", "no answer comes"),
}


def _span(text: str) -> tuple[float, float]:
    """Read seconds: a number, or two with a dash for anything between them."""
    low, dash, high = text.partition("-")
    try:
        span = float(low), float(high if dash else low)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither seconds (2) nor a span (2-5)") from None
    if not 0 <= span[0] <= span[1]:
        raise click.BadParameter(f"{text!r} is not a span of seconds")
    return span


def _share(text: str) -> tuple[str, float]:
    """Read a behaviour and its probability."""
    name, _, probability = text.partition("=")
    try:
        return name, float(probability)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like reset=0.1") from None


def _list_behaviours(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from photobooth_daemon.rehearsal.fake_provider import behaviours

    known = behaviours()
    width = max(map(len, known))
    for name, text in known.items():
        say(f"{name:{width}}  {text}")
    ctx.exit()


def _shorthands(command: Callable[..., None]) -> Callable[..., None]:
    for option, (_, meaning) in reversed(SHORTHANDS.items()):
        command = click.option(
            f"--{option}",
            type=click.FloatRange(0, 1),
            default=0.0,
            metavar="PROBABILITY",
            help=f"How often {meaning}.",
        )(command)
    return command


@click.command("fake-provider")
@click.option("--listen", default="127.0.0.1:0", show_default=True, help="HOST:PORT; port 0: any.")
@click.option(
    "--delay", type=_span, default="0", metavar="SECONDS", help="Seconds to an answer: 2, or 2-5."
)
@click.option(
    "--answer",
    type=click.Choice(["edit", "echo", "prepared"]),
    default="edit",
    show_default=True,
    help="The photo visibly edited, the photo as it came, or always the same JPEG.",
)
@click.option("--answer-kb", type=click.IntRange(min=1), default=1024, help="Size of that JPEG.")
@click.option("--uplink-mbit", type=click.FloatRange(0, min_open=True), help="Shared upload speed.")
@click.option("--accept-key", "keys", multiple=True, help="A key that is good [default: any is].")
@_shorthands
@click.option(
    "--fault",
    "faults",
    type=_share,
    multiple=True,
    metavar="NAME=PROBABILITY",
    help="Any behaviour: reset=0.1.",
)
@click.option("--seed", type=int, help="Makes chance repeatable.")
@click.option(
    "--list-behaviours",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_behaviours,
    help="Print what can be scripted, and end.",
)
def fake_provider(
    listen: str,
    delay: tuple[float, float],
    answer: str,
    answer_kb: int,
    uplink_mbit: float | None,
    keys: Sequence[str],
    faults: Sequence[tuple[str, float]],
    seed: int | None,
    **shorthands: float,
) -> None:
    """Play a provider, faults included, until it is stopped; print its base URL.

    What it does to single requests is scripted over HTTP: POST to /_script
    {"queue": [{"do": "no_image", "times": 2}, {"do": "overloaded"}]}, or
    {"always": {"do": "hang"}}; GET /_requests tells what was asked of it. A slot
    whose model is rehearse-hang, or rehearse- and any other behaviour, always
    gets that one.
    """
    from photobooth_daemon.rehearsal.fake_picture import (
        EchoPainter,
        EditingPainter,
        PreparedPainter,
    )
    from photobooth_daemon.rehearsal.fake_provider import FakeProvider

    painters: dict[str, Callable[[], Painter]] = {
        "edit": EditingPainter,
        "echo": EchoPainter,
        "prepared": lambda: PreparedPainter(answer_kb),
    }
    odds = {
        behaviour: shorthands[name.replace("-", "_")] for name, (behaviour, _) in SHORTHANDS.items()
    }
    odds.update(faults)
    try:
        host, port = parse_listen_address(listen)
        provider = FakeProvider(
            painter=painters[answer](),
            odds={behaviour: share for behaviour, share in odds.items() if share},
            delay_seconds=delay,
            uplink_mbit=uplink_mbit,
            keys=keys,
            seed=seed,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        asyncio.run(_serve(provider, host, port))
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {listen}: {error.strerror}") from error


async def _serve(provider: FakeProvider, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    say(provider.start(host, port))
    await stopped.wait()
    await provider.stop()
