"""What the documents tell people to type, typed as printed, on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
from collections.abc import Mapping
from pathlib import Path

SILENCE_SECONDS = 300.0
PROMPT = re.compile(r"([^\r\n]*): $")


def commands_under(heading: str, document: Path) -> list[str]:
    """Return the lines of the first block of code under a heading."""
    text = document.read_text("utf-8")
    section = text.split(f"\n{heading}\n", 1)[1]
    block = re.search(r"(?m)(?:^    \S.*\n)+|^```\n(.*\n)+?```$", section)
    assert block, f"{document}: no commands under {heading}"
    lines = (line.strip() for line in block[0].splitlines())
    return [line for line in lines if line != "```"]


def type_in(line: str, directory: Path, answers: Mapping[str, str]) -> str:
    """Run a line in a shell that has a terminal and return what it showed.

    A prompt is answered with what stands under its text; a repetition with the answer before.

    Raises:
        AssertionError: the status is not 0, or nothing happens any more.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execv("/bin/sh", ["sh", "-c", line])
    shown, unanswered, answer = "", "", None
    while piece := _read(terminal, f"{line} waits:\n{shown}"):
        shown += piece
        unanswered += piece
        if asked := PROMPT.search(unanswered):
            if not asked[1].startswith("Repeat"):
                answer = answers.get(asked[1])
            if answer is not None:
                os.write(terminal, f"{answer}\n".encode())
                unanswered = ""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    assert status == 0, f"{line} gave {status}:\n{shown}"
    return shown


def _read(terminal: int, complaint: str) -> str:
    """Return what is shown next, nothing at the end."""
    assert select.select([terminal], [], [], SILENCE_SECONDS)[0], complaint
    try:
        return os.read(terminal, 4096).decode("utf-8", "replace")
    except OSError:  # how a Linux terminal says that nobody is left on the other side
        return ""
