"""The UI's own logic, module by module, as the browser runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.ui_house import House, Visit, visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(house: House, browser: Any) -> Iterator[Visit]:
    """A page of the UI's own origin, in English, nobody logged in."""
    with visit(house, browser, "en") as one:
        one.open()
        yield one


def run(one: Visit, module: str, script: str) -> Any:
    """Evaluate a function of a module of the page."""
    source = f"async () => {{ const m = await import('/ui/{module}'); {script} }}"
    return one.page.evaluate(source)


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
def test_events_are_read_however_they_are_cut(page: Visit, cut: int) -> None:
    stream = (
        'retry: 2000\n\nid: 7\nevent: job\ndata: {"a":1}\n\n: still here\n\n'
        "id: 8\nevent: reset\ndata: {}\n\ndata: one\ndata: two\n\n"
    )
    seen = run(
        page,
        "core/sse.js",
        f"""const seen = []; const feed = m.eventParser((e) => seen.push(e));
        const s = {json.dumps(stream)};
        for (let i = 0; i < s.length; i += {cut}) feed(s.slice(i, i + {cut})); return seen;""",
    )
    assert seen == [
        {"type": "job", "id": "7", "data": '{"a":1}'},
        {"type": "reset", "id": "8", "data": "{}"},
        {"type": "message", "id": None, "data": "one\ntwo"},
    ]


@pytest.mark.parametrize(
    ("schema", "value", "pointers"),
    [
        ("{type: 'integer', minimum: 1, maximum: 3}", "2", []),
        ("{type: 'integer', minimum: 1}", "0", [""]),
        ("{type: 'integer'}", "1.5", [""]),
        ("{type: ['integer', 'null']}", "null", []),
        ("{type: 'string', maxLength: 2}", "'😀😀'", []),
        ("{type: 'string', minLength: 1}", "''", [""]),
        ("{enum: ['a', 'b']}", "'c'", [""]),
        ("{type: 'object', required: ['a/b']}", "{}", ["/a~1b"]),
        (
            "{type: 'object', properties: {n: {type: 'number'}}, additionalProperties: false}",
            "{n: 'x', m: 1}",
            ["/m", "/n"],
        ),
    ],
)
def test_values_are_checked_as_the_daemon_does(
    page: Visit, schema: str, value: str, pointers: list[str]
) -> None:
    script = f"return [...m.faultsOf({schema}, {value}).keys()].sort();"
    assert run(page, "core/schema.js", script) == pointers


def test_numbers_are_read_as_people_write_them(page: Visit) -> None:
    script = "return ['1,5', ' 3 000 ', '', 'x'].map((text) => m.readNumber(text) ?? null);"
    assert run(page, "parts/schema_form.js", script) == [1.5, 3000, None, "x"]


def test_a_conflict_keeps_what_only_one_side_changed(page: Visit) -> None:
    base = "{display_name: 'a', provider: 'p', operation: 'o', params: {x: 1, y: 1}, enabled: true}"
    mine = "{...base, display_name: 'mine', params: {x: 2, y: 1}}"
    theirs = "{...base, enabled: false, params: {x: 1, y: 9}}"
    chosen = run(
        page,
        "screens/slot/conflict.js",
        f"""const base = {base}; const mine = {mine}; const theirs = {theirs};
        return m.settled(mine, theirs, m.firstChoices(base, mine, theirs));""",
    )
    assert (chosen["display_name"], chosen["enabled"]) == ("mine", False)
    assert chosen["params"] == {"x": 2, "y": 9}


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 photo done"), (2, "2 photos done"), (1234, "1,234 photos done")]
)
def test_plurals_follow_the_count(page: Visit, count: int, words: str) -> None:
    # The page's own catalogue is loaded below the version's path; this copy loads its own.
    script = f"await m.speak('en'); return m.t('count.done', {{count: {count}}});"
    assert run(page, "core/i18n.js", script) == words


def test_an_axis_has_round_steps(page: Visit) -> None:
    script = "return [m.roundSteps(7, 4), m.roundSteps(0, 4), m.roundSteps(48000, 4)];"
    assert run(page, "parts/plot.js", script) == [
        [0, 2, 4, 6, 8],
        [0, 1],
        [0, 20000, 40000, 60000],
    ]
    # Two and a half photos are none.
    script = (
        "return [m.roundSteps(1, 4, true), m.roundSteps(3, 4, true), m.roundSteps(9, 4, true)];"
    )
    assert run(page, "parts/plot.js", script) == [[0, 1], [0, 1, 2, 3], [0, 5, 10]]


def test_attempts_that_failed_alike_are_shown_as_one(page: Visit) -> None:
    script = """
        const attempt = (n, more) => ({ provider: "gemini", operation: "edit", model: "m",
          reason: "no_image", message: "NO_IMAGE", started_ms: 2000 * n, duration_ms: 1000,
          cost: 0.01, provider_request_id: `id-${n}`, ...more });
        const attempts = [
          ...[0, 1, 2, 3, 4].map((n) => attempt(n)), attempt(5, { reason: "overloaded" }),
          attempt(6, { cost: null }), attempt(7), attempt(8, { reason: null, message: null }),
          attempt(9, { reason: null, message: null }),
        ];
        const { html, render } = await import("/ui/core/html.js");
        const place = document.createElement("div");
        render(html`<${m.Attempts} attempts=${attempts} />`, place);
        return [...place.querySelectorAll("li")].map((row) => row.textContent);"""
    rows = run(page, "parts/attempts.js", script)
    assert [row.split(" ")[0] for row in rows] == ["1–5.", "6.", "7.", "8.", "9.", "10."]
    assert "× 5" in rows[0]
    assert "from 0" in rows[0]
    assert "to 9\u00a0s" in rows[0]
    assert "0.05" in rows[0]
    assert "id-0 id-1 id-2 id-3 id-4" in rows[0]
    assert not any("×" in row for row in rows[1:])
