"""``photoboothctl stats``: how it goes."""

from __future__ import annotations

from typing import Any

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table
from photobooth_daemon.cli.services import services
from photobooth_daemon.monitoring.reports.windows import WINDOWS


@click.command()
@click.option("--window", type=click.Choice(list(WINDOWS)), default="24h", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def stats(installation: Installation, window: str, as_json: bool) -> None:
    """Print outcomes and durations, per slot and in all."""
    async with services(installation) as here:
        figures = await here.administration.stats.figures(WINDOWS[window])
    if as_json:
        print_json(figures)
        return
    rows = [_row(row["slot_id"], row) for row in figures["slots"]]
    print_table(
        ["SLOT", "DONE", "TIMEOUT", "FAILED", "SUCCESS", "P50 MS", "P95 MS", "P99 MS", "COST"],
        [*rows, _row("all", figures["total"])],
    )


def _row(name: str, figures: dict[str, Any]) -> list[Any]:
    jobs, total_ms = figures["jobs"], figures["total_ms"]
    share = figures["success_share"]
    return [
        name,
        jobs["done"],
        jobs["timeout"],
        jobs["failed"],
        None if share is None else f"{share:.1%}",
        total_ms["p50"],
        total_ms["p95"],
        total_ms["p99"],
        figures["cost"],
    ]
