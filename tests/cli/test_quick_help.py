"""Help, completion and a look at the configuration are there before anything heavy is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from photobooth_daemon.cli import COMMANDS, main

HEAVY = ("PIL", "aiohttp", "asyncpg", "jsonschema", "tornado")
PROGRAM = f"""
import sys
from photobooth_daemon.cli import main
try:
    main(prog_name="photoboothctl")
finally:
    print("loaded:", *(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""
EVERY_HELP = f"""
import sys
import click
from photobooth_daemon.cli import main

def show(command, context):
    print(command.get_help(context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            show(below, click.Context(below, info_name=name, parent=context))

show(main, click.Context(main, info_name="photoboothctl"))
print("loaded:", *(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""


def run(*arguments: str, program: str = PROGRAM, **environment: str) -> str:
    """Run a program as its own process, see that it loaded nothing heavy, and return its text."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PHOTOBOOTH_CONFIG": "/dev/null", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1].strip() == "loaded:"
    return done.stdout


def complete(line: str) -> list[str]:
    """Return what a shell is offered behind the last word of a line."""
    words = line.split(" ")
    said = run(
        _PHOTOBOOTHCTL_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    return [offer.partition(",")[2] for offer in said.splitlines()]


def test_help_names_every_command() -> None:
    said = run("--help")
    for name in COMMANDS:
        assert f"\n  {name} " in said


def test_the_version_and_a_look_at_the_configuration() -> None:
    assert run("--version").startswith("photoboothctl, version")
    url = "postgresql://127.0.0.1/photobooth"
    assert "good" in run("config", "check", PHOTOBOOTH_DATABASE__URL=url)
    assert "postgresql://" in run("config", "show", PHOTOBOOTH_DATABASE__URL=url)


def test_completion_offers_commands_and_options() -> None:
    assert complete("photoboothctl se") == ["send", "settings", "setup-database"]
    assert complete("photoboothctl --conf") == ["--config"]
    assert complete("photoboothctl slot se") == ["set"]
    assert "--file" in complete("photoboothctl slot set slot-001 --")


def test_every_command_shows_its_help() -> None:
    said = run(program=EVERY_HELP)
    for name in COMMANDS:
        assert f"Usage: photoboothctl {name} " in said
    assert "Usage: photoboothctl provider key set " in said


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == COMMANDS[name].help
