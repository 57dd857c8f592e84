"""Whatever the bucket's room says of a store is said in Russian, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from photobooth_daemon.monitoring.readiness.store_reasons import store_reason

pytestmark = pytest.mark.texts
MEDIA = Path(__file__).parents[3] / "photobooth_daemon" / "media"
BEGINNINGS = ("The ", "This host's ")


def said() -> Iterator[str]:
    """Yield every sentence in the files of the bucket, with a number for what is filled in."""
    for path in sorted(MEDIA.glob("s3*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(tree):
            if node in told or node in parts:
                continue
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "7"
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if text.startswith(BEGINNINGS):
                yield text if text[-1] in ".?" else f"{text}."


@pytest.mark.parametrize("reason", sorted(set(said())))
def test_every_reason_has_its_russian(reason: str) -> None:
    russian = store_reason(reason, "ru")
    assert any("а" <= letter <= "я" for letter in russian), reason
    assert ("7" in reason) is ("7" in russian)
    assert store_reason(reason, "en") == reason


def test_there_are_reasons_and_what_a_library_says_stays() -> None:
    assert len(set(said())) > 20
    assert store_reason("[Errno 28] No space left on device", "ru").startswith("[Errno 28]")
    refused = "The store cannot be reached: Connection refused."
    assert store_reason(refused, "ru") == "до хранилища не достучаться: в соединении отказано"
