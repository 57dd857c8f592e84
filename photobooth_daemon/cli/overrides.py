"""``--override REASON``: change something all the same that a running event keeps as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from photobooth_daemon.administration.stated_reason import (
    FEWEST_REASON_CHARACTERS,
    MOST_REASON_CHARACTERS,
    stated_reason,
)
from photobooth_daemon.model import Actor


def _reason(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    reason = stated_reason(value)
    if reason is None:
        raise click.BadParameter(
            f"a reason has {FEWEST_REASON_CHARACTERS} to {MOST_REASON_CHARACTERS} characters"
        )
    return reason


override_option: Callable[[Any], Any] = click.option(
    "--override",
    metavar="REASON",
    callback=_reason,
    help="Change it even while an event keeps it as it is; the audit log keeps the reason.",
)


def with_reason(actor: Actor, reason: str | None) -> Actor:
    """Return the actor with the stated reason, if there is one."""
    return actor if reason is None else replace(actor, override_reason=reason)
