"""Every command that a document or a cure tells people to type exists, with its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from photobooth_daemon.cli import main
from photobooth_daemon.monitoring.readiness.cures import CURES

pytestmark = pytest.mark.texts
ROOT = Path(__file__).parents[2]
_COMMAND = re.compile(r"photoboothctl((?: +[^\s`|;)]+)+)")


def documented() -> Iterator[tuple[str, str]]:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for match in _COMMAND.finditer(path.read_text("utf-8")):
            yield str(path.relative_to(ROOT)), match[1]
    for code, cure in CURES.items():
        for text in [cure] if isinstance(cure, str) else cure.values():
            for match in _COMMAND.finditer(text):
                yield code, match[1]


def resolve(words: list[str]) -> tuple[click.Command, list[str]] | None:
    """Return the command that these words name, and what is left of them."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        if not words or not re.fullmatch(r"[a-z-]+", words[0]):
            return None
        found = command.get_command(context, words[0])
        if found is None:
            return None
        command, words = found, words[1:]
    return command, words


def names_a_command(word: str) -> bool:
    return re.fullmatch(r"[a-z][a-z-]*", word) is not None


@pytest.mark.parametrize(("where", "text"), sorted(set(documented())))
def test_it_exists(where: str, text: str) -> None:
    words = text.split()
    if not names_a_command(words[0]) or "|" in text:
        return  # prose about the program, not a line to type
    group = main.get_command(click.Context(main), words[0])
    if group is None and where.endswith(".md"):
        pytest.fail(f"{where}: photoboothctl {words[0]} does not exist")
    if isinstance(group, click.Group) and len(words) == 1:
        return
    found = resolve(words)
    assert found is not None, f"{where}: photoboothctl{text}"
    command, rest = found
    options = {name for parameter in command.params for name in parameter.opts}
    for word in rest:
        if word.startswith("--"):
            option = word.partition("=")[0].rstrip(".,:")
            assert option in options | {"--help", "--json"}, f"{where}: photoboothctl{text}"
