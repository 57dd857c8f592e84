"""No stranger's text reaches root's terminal as a command."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.support.commands import Commands
from tests.support.office import Office

NAME = "\x1b]0;owned\x07\x1b[2Jroot\x9b1m\u202e\n99  2026-01-01  serg"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


async def test_a_login_with_escape_sequences_is_listed_as_text(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    assert (await office.login(NAME, "wrong")).status == 401
    commands = Commands(database_url, tmp_path)
    for arguments in (("audit", "list"), ("audit", "list", "--json")):
        output = await asyncio.to_thread(commands.good, *arguments)
        assert "owned" in output
        assert RAW.search(output) is None, repr(output)
    assert len((await asyncio.to_thread(commands.good, "audit", "list")).splitlines()) == 2
    (entry,) = json.loads(await asyncio.to_thread(commands.good, "audit", "list", "--json"))
    assert NAME in entry["entity"]


async def test_an_error_that_names_what_was_sent_is_text(database_url: str, tmp_path: Path) -> None:
    commands = Commands(database_url, tmp_path)
    for arguments in (
        ("admin", "unlock", NAME),
        ("provider", "check", NAME),
        ("alert", f"x{NAME}"),
    ):
        refused = await asyncio.to_thread(commands.run, *arguments)
        assert refused.exit_code != 0
        assert "owned" in refused.output
        assert RAW.search(refused.output) is None, repr(refused.output)


def test_commands_print_through_one_door() -> None:
    sources = Path("photobooth_daemon/cli").glob("*.py")
    loud = {
        path.name
        for path in sources
        if re.search(r"click\.s?echo\(|\bprint\(", path.read_text("utf-8"))
    }
    # The second clears the line of its own progress bar.
    assert loud == {"printing.py", "send_report.py"}


def test_addresses_are_shown_without_their_credentials(database_url: str, tmp_path: Path) -> None:
    commands = Commands(
        database_url,
        tmp_path,
        PHOTOBOOTH_PROVIDERS__OPENAI__BASE_URL="http://me:pass-of-me@ai.lan/v1?access=query-secret",
        PHOTOBOOTH_PROVIDERS__OPENAI__PROXY="http://only-a-token@proxy.lan:3128",
        PHOTOBOOTH_SERVER__PUBLIC_URL="https://user:pass-of-us@booth.lan",
    )
    for arguments in (
        ("config", "show"),
        ("config", "show", "--json"),
        ("provider", "list"),
        ("provider", "list", "--json"),
    ):
        output = commands.good(*arguments)
        for secret in ("pass-of", "query-secret", "only-a-token"):
            assert secret not in output, arguments
        assert "ai.lan" in output
