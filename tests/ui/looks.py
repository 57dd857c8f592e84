"""What may be wrong with a page, as anybody's eyes and a screen reader find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from tests.support.ui_house import NARROW, WIDE, Visit

# Every language at every width, and both themes at each of them.
LOOKS = [
    ("ru", WIDE, "light"),
    ("ru", NARROW, "dark"),
    ("en", WIDE, "dark"),
    ("en", NARROW, "light"),
]
KEY_LIKE = re.compile(r"\b[a-z_]+\.[a-z_]+(\.[a-z_]+)*\b")
# Tabs that have to be scrolled for, and lines of a list that run into each other.
CUT = """[...document.querySelectorAll(".tabs, .found li")]
  .filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.innerText)"""
SPOKEN_DOTS = re.compile(
    r"(slot|settings|template|admin|event|result|board|provider|job|preset)\.[a-z_]+"
)  # actions in the audit log


def axe_source() -> str:
    """The accessibility checker."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def look_over(one: Visit, source: str) -> list[str]:
    """What is wrong with the screen that is shown."""
    page = one.page
    # A page that is loaded only once keeps the checker, and what passes need not be described.
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(source)
    found = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
        " 'best-practice'], resultTypes: ['violations']})"
    )
    faults = [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    if widths[0] > widths[1]:
        faults.append(f"wider than the window: {widths}")
    if cut := page.evaluate(CUT):
        faults.append(f"does not fit: {cut}")
    text = page.locator("body").inner_text()
    keys = [k for k in (m.group() for m in KEY_LIKE.finditer(text)) if k in every_key(one)]
    if keys := [key for key in keys if not SPOKEN_DOTS.fullmatch(key)]:
        faults.append(f"keys instead of words: {keys}")
    if "{" in text and "undefined" in text:
        faults.append("a place was left open")
    return faults


def every_key(one: Visit) -> set[str]:
    def walk(tree: Any, prefix: str = "") -> Iterator[str]:
        for key, value in tree.items():
            yield prefix + key
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")

    return set(walk(one.texts))
