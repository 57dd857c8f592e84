"""``photoboothctl board``: links that show the live board on a screen where nobody logs in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.model.boards import Board

MOST_LISTED = 200


@click.group()
def board() -> None:
    """Make links to the live board for screens, and take them back."""


@board.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_boards(installation: Installation, as_json: bool) -> None:
    """List the boards, newest first; their links are not known any more."""
    async with services(installation) as here:
        boards = await here.evening.boards.list_newest(None, MOST_LISTED)
    if as_json:
        print_json([_document(found) for found in boards])
        return
    print_table(
        ["ID", "LABEL", "SLOTS", "CREATED", "BY"],
        [
            [
                str(found.board_id),
                found.label,
                " ".join(found.slot_ids) or "all",
                rfc3339(found.created_at),
                found.created_by,
            ]
            for found in boards
        ],
    )


@board.command()
@click.argument("label")
@click.argument("slots", nargs=-1, metavar="[SLOT]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def add(
    installation: Installation, label: str, slots: tuple[str, ...], as_json: bool
) -> None:
    """Make a board of these slots, or of all, and print its link: this once."""
    async with services(installation) as here:
        made, token = await here.evening.boards.create(
            {"label": label, "slots": list(slots)}, here.actor
        )
        public_url = here.administration.public_address.url
    base_url = public_url or f"http://127.0.0.1:{installation.config.server.listen.port}"
    link = f"{base_url}/board/{token}"
    if as_json:
        print_json({**_document(made), "link": link})
    else:
        say(link)


@board.command()
@click.argument("board_id", type=click.UUID, metavar="ID")
@click.pass_obj
@run_async
async def remove(installation: Installation, board_id: UUID) -> None:
    """Take a board's link back; its screen shows nothing from then on."""
    async with services(installation) as here:
        await here.evening.boards.delete(board_id, here.actor)
    say(f"Board {board_id} is gone.")


def _document(found: Board) -> dict[str, Any]:
    return {
        "board_id": str(found.board_id),
        "label": found.label,
        "slots": list(found.slot_ids),
        "created_at": found.created_at,
        "created_by": found.created_by,
    }
