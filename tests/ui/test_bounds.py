"""Bounds are said once: the page's own checks are made of what the daemon checks by."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.web.openapi.schemas import NEW_PASSWORD
from photobooth_daemon.web.ui_bounds import PATH, bounds_module
from tests.support.office import Office

ROOT = Path(str(files("photobooth_daemon.ui")))
SAID_BY_HAND = (
    re.compile(r"\b(?:max|min)(?:imum|length|Length|Items): *-?\d"),
    re.compile(r"form\.between\", \{ *min: *\d"),
    re.compile(r"\b(?:MAX|MIN|MOST|LONGEST|SHORTEST|FEWEST)_(?:\w*_)?(?:BYTES|LENGTH|PX)\b *="),
    re.compile(r"/\^(?!\[0-9a-f\]\{8\}-)[^/]*\{\d+,\d+\}"),
)


def exports() -> dict[str, Any]:
    """What the module exports, by name."""
    found = re.findall(r"^export const (\w+) = (.*);$", bounds_module().decode(), re.M)
    return {name: json.loads(value) for name, value in found}


async def test_the_page_checks_by_what_the_api_describes(office: Office) -> None:
    """Each shape is the one of the API's own document, whole."""
    document = (await office.call("GET", "/api/openapi.json", token=None)).json()
    shapes = document["components"]["schemas"]
    said = exports()
    assert said["SLOT"] == shapes["SlotConfig"]["properties"]
    assert said["SETTINGS"].items() <= shapes["SettingsChange"]["properties"].items()
    event = shapes["EventPlan"]["properties"]
    assert {**said["EVENT"], "gallery": event["gallery"]} == event
    for name, key in (("ACCOUNT", "username"), ("BOARD", "label"), ("TEMPLATE", "label")):
        assert said[name][key] in _schemas_of(document, key), name
    password = NEW_PASSWORD["description"]
    assert password.startswith("{minimum} to {maximum} bytes".format(**said["PASSWORD_BYTES"]))


async def test_the_module_is_served_with_the_page(office: Office) -> None:
    answer = await office.call("GET", f"/ui/{PATH}", token=None)
    assert (answer.status, answer.body) == (200, bounds_module())


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.js")), ids=lambda path: path.name)
def test_no_module_says_a_bound_by_itself(path: Path) -> None:
    if path.parent.name in ("vendor", "guest", "board"):
        return
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if any(said.search(line) for said in SAID_BY_HAND)] == []


def _schemas_of(part: Any, key: str) -> list[Any]:
    """Every schema that the document has for a property of this name."""
    if isinstance(part, list):
        return [found for one in part for found in _schemas_of(one, key)]
    if not isinstance(part, dict):
        return []
    own = part.get("properties", {}).get(key)
    rest = [found for one in part.values() for found in _schemas_of(one, key)]
    return rest if own is None else [own, *rest]
