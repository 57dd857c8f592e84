"""Every page and tab, in whatever state, speaks to people: no id, no raw word, no shell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.errors import Reason
from photobooth_daemon.monitoring.readiness.cures import CURES
from photobooth_daemon.monitoring.readiness.json_form import report_json
from photobooth_daemon.monitoring.readiness.model import Finding, ReadinessReport, State
from photobooth_daemon.monitoring.readiness.texts import FOUND, TITLES
from tests.conftest import TEMPLATE
from tests.support.ui_house import LANGUAGES, House, Visit, open_house, visit, wait_for
from tests.ui.screens import SCREENS, UNSAVED, an_event

pytestmark = pytest.mark.browser

# A service that is not there cannot answer the page: the command line alone says these.
BY_COMMAND_ONLY = {"database_unavailable", "pooler", "daemon_down"}
ANYWHERE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\bslot-0\d\d\b|\b(?:template|slot|job|event|preset):\w"
    r"|photoboothctl|systemctl|journalctl|timedatectl|\bcurl\b|\bsudo\b|make quickstart|\.toml"
    r"|/etc/|/var/|\[\w+\]|(?<![\w./@-])[a-z]+_[a-z_]+\b(?!\.)|\bundefined\b|\[object|NaN"
)
# Words of the API that are no words of the reader's: English has some of them for itself.
IN_RUSSIAN = re.compile(
    r"\b(?:gemini|openai|turbotext|comfyui|local|edit|look|frame|border|workflow"
    r"|done|(?<!папке )failed|timeout"
    r"|pending|ingest|rerun|degraded|failing|ok|overloaded|quota|auth|refused|cancelled)\b(?![-.])"
)
# Where a camera's user is read off and typed in: it is the slot's id.
TYPED_IN = ("intake", "camera_by_ftp")
# What a page shows as it was typed, or as another program calls it.
TYPED = (
    "code, kbd, dd .mono, .chip.mono, .facts.mono, .prompts dd, .attempt .quiet, .audit-row .mono,"
    " .models li, #dslr b, #dslr dt, .qr + *"
)
SUBJECTS = {
    "slots": "slot-004",
    "templates": "slot-004",
    "probe": "slot-004, slot-007",
    "keys": "gemini",
    "providers": "gemini",
    "public_url": "turbotext, openai",
    "intake": "slot-001",
    "stamp_leads_nowhere": "Анна и Борис",
}
FACTS = {
    "reason": "auth: HTTP 401",
    "message": "/params/prompt: This is required.",
    "media_id": "8f14e45f-ceea-467f-ab6e-0123456789ab",
    "detail": "no answer",
    "free_mb": 12345,
}


def visible_words(one: Visit) -> str:
    """What can be read on the page now, but for what was typed by people or is a program's own."""
    return str(
        one.page.evaluate(
            """(typed) => {
              const shown = document.querySelector("dialog[open]") ?? document.body;
              const hidden = [...shown.querySelectorAll(typed)];
              hidden.forEach((part) => (part.style.display = "none"));
              const text = shown.innerText;
              hidden.forEach((part) => (part.style.display = ""));
              return text;
            }""",
            TYPED,
        )
    )


def raw_words(one: Visit) -> list[str]:
    """What on the page is nobody's word."""
    text = visible_words(one)
    found = ANYWHERE.findall(text)
    if one.language == "ru":
        found += IN_RUSSIAN.findall(text)
    return sorted(set(found))


@pytest.fixture
def empty_house(chromium: str, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    """A daemon as its installation leaves it."""
    with open_house(tmp_path, postgres, TEMPLATE, empty=True) as opened:
        yield opened


def test_every_page_of_an_evening(admin: Visit) -> None:
    faults: dict[str, list[str]] = {}
    for name, show in SCREENS.items():
        if name == "camera":
            # The one place where an address, and with it a slot's id, is to be read and typed.
            admin.open("slots/slot-004?tab=camera")
            admin.page.locator("#dslr").wait_for()
        else:
            show(admin)
        found = [word for word in raw_words(admin) if name not in TYPED_IN or word != "slot-001"]
        if found:
            faults[name] = found
        admin.page.keyboard.press("Escape")
        if name in UNSAVED:
            admin.button("act.discard").click()
    assert not faults, faults


def test_every_page_of_an_empty_house(empty_house: House, browser: Any) -> None:
    faults: dict[str, list[str]] = {}
    for language in LANGUAGES:
        with visit(empty_house, browser, language) as one:
            one.open()
            if found := raw_words(one):
                faults[f"{language} login"] = found
            one.login()
            one.page.reload()
            for path in (
                *("", "events", "events/new", "jobs", "templates", "stats", "settings", "audit"),
                *("accounts", "account", "health", "slots/slot-001"),
                *(f"slots/slot-001?tab={tab}" for tab in ("camera", "intake", "history")),
                "jobs/00000000-0000-4000-8000-000000000000",
            ):
                one.open(path)
                wait_for(lambda: one.page.locator(".waiting").count() == 0)
                if found := raw_words(one):
                    faults[f"{language} {path}"] = found
    assert not faults, faults


def test_every_page_that_nobody_logs_in_for(house: House, browser: Any) -> None:
    faults: dict[str, list[str]] = {}
    made = house.call("POST", "/api/boards", {"label": "Зал", "slots": []})
    job = house.call("GET", "/api/jobs", query={"status": "done", "source": "ingest"})["items"][0]
    for language in LANGUAGES:
        with visit(house, browser, language) as one:
            gallery = house.call("GET", f"/api/events/{an_event(one)}")["gallery"]["link"]
            gallery = gallery.removeprefix(house.url)
            for path, shown in (
                (f"/board/{made['link'].rpartition('/')[2]}", ".newest"),
                (gallery, "input[name=pin]"),
                (gallery, "main img"),
                (f"{gallery}/show", ".slide.seen"),
                (f"/r/{job['job_id']}", ".picture img"),
                ("/r/00000000-0000-4000-8000-000000000000", "h1"),
            ):
                one.page.goto(f"{house.url}{path}")
                one.page.locator(shown).first.wait_for()
                if found := raw_words(one):
                    faults[f"{language} {path}"] = found
                if shown == "input[name=pin]":
                    one.page.locator(shown).fill("2468")
                    one.page.keyboard.press("Enter")
                    one.page.locator("main img").first.wait_for()
    house.call("DELETE", f"/api/boards/{made['board_id']}")
    assert not faults, faults


def findings() -> list[Finding]:
    """Everything that readiness may find and has something to say about."""
    made = []
    for code in CURES.keys() - BY_COMMAND_ONLY:
        check = next((check for check in TITLES if code.startswith(check)), _CHECKS.get(code, ""))
        places = re.findall(r"\{(\w+)\}", json.dumps(FOUND[code]))
        facts = {name: FACTS.get(name, 7) for name in places if name != "subject"}
        for name in ("url", "address", "versions", "hosts", "until", "since", "model"):
            if name in facts:
                facts[name] = "booth.example"
        subject = SUBJECTS.get(code, SUBJECTS.get(check, ""))
        made.append(Finding(check, code, State.WARNING, subject, facts))
    return made


_CHECKS = {
    **dict.fromkeys(("host_silent", "host_unwell", "restart_pending"), "daemon"),
    **dict.fromkeys(("versions_differ", "configurations_differ"), "daemon"),
    "configuration_faulty": "daemon",
    **dict.fromkeys(("ingest_password_missing", "admin_password_missing"), "passwords"),
    **dict.fromkeys(("plain_http", "plain_password", "proxy_untrusted"), "connections"),
    "certificate_ending": "connections",
    **dict.fromkeys(("no_slot_enabled", "slot_misconfigured"), "slots"),
    **dict.fromkeys(("provider_down", "model_gone"), "providers"),
    "provider_key_missing": "keys",
    "template_missing": "templates",
    "stamp_leads_nowhere": "public_url",
}


def test_whatever_readiness_finds_has_a_button(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    now = house.call("GET", "/api/readiness")
    told = report_json(ReadinessReport(now["checked_at"], False, tuple(findings())))
    told["hosts"] = now["hosts"]
    page.route("**/api/readiness", lambda route: route.fulfill(json=told))
    admin.open("health")
    rows = page.locator(".readiness > li")
    rows.nth(len(told["items"]) - 1).wait_for()
    assert rows.count() == len(told["items"]) > 30
    assert not raw_words(admin), raw_words(admin)
    for row in rows.all():
        assert row.locator(".remedy a, .remedy button").count() > 0, row.inner_text()
    # What only the server's root can do is passed on: what is wrong, and the command for it.
    (clock,) = (one for one in told["items"] if one["code"] == "clock_unsynchronised")
    title = clock["title"][admin.language]
    row = rows.filter(has=page.get_by_text("timedatectl set-ntp true", exact=True))
    row.get_by_role("button", name=t("readiness.pass_on"), exact=True).click()
    page.locator(".toast", has_text=t("state.copied")).wait_for()
    found, command = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert found.startswith(f"{title}: ")
    assert command == "timedatectl set-ntp true"


def test_whatever_a_photo_came_to_is_told_in_words(admin: Visit, house: House) -> None:
    page = admin.page
    query = {"status": "failed", "limit": 1}
    listed = house.call("GET", "/api/jobs", query=query)["items"][0]
    job = house.call("GET", f"/api/jobs/{listed['job_id']}")
    faults = {}
    told = job

    def answer(route: Any) -> None:
        route.fulfill(json=told)

    page.route("**/api/jobs/*", answer)
    for reason in Reason:
        attempts = [{**job["attempts"][0], "reason": reason.value, "message": None}]
        told = {**job, "provider_code": reason.value, "attempts": attempts}
        admin.open("jobs")
        admin.open(f"jobs/{listed['job_id']}")
        # Titles come with the catalogue, once for all pages.
        page.locator("#attempts .attempt", has_text="Google Gemini").wait_for()
        if found := raw_words(admin):
            faults[reason.value] = found
    assert not faults, faults


def test_a_photo_at_a_provider_is_told_in_words(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    listed = house.call("GET", "/api/jobs", query={"status": "failed", "limit": 1})["items"][0]
    ended = house.call("GET", f"/api/jobs/{listed['job_id']}")
    first = ended["attempts"][0]
    in_work = {**ended, "status": "pending", "finished_at": None, "attempts": [], "prompts": []}
    in_work |= {"failure_code": None, "provider_code": None, "trying": None}
    told = in_work
    page.route("**/api/jobs/*", lambda route: route.fulfill(json=told))
    places = {name: first[name] for name in ("provider", "operation", "model")}
    for n, attempts in ((0, []), (1, []), (2, [first])):
        trying = {**places, "number": n} if n else None
        told = {**in_work, "trying": trying, "attempts": attempts}
        admin.open("jobs")
        admin.open(f"jobs/{listed['job_id']}")
        asked = t("attempt.trying", n=n, provider="Google Gemini") if n else t("attempt.not_told")
        page.locator("#attempts", has_text=asked).wait_for()
        assert page.locator("#attempts .attempt").count() == len(attempts)
        assert not raw_words(admin), (n, raw_words(admin))


def test_nothing_is_called_by_a_raw_name_while_titles_are_on_their_way(
    admin: Visit, house: House
) -> None:
    page = admin.page
    query = {"status": "failed", "limit": 1}
    failed = house.call("GET", "/api/jobs", query=query)["items"][0]["job_id"]
    held: list[Any] = []
    page.route("**/api/providers", lambda route: held.append(route))

    def is_asked_for() -> bool:
        page.evaluate("0")  # routes are told of while the browser is talked to
        return bool(held)

    for path, shown in (
        ("", ".card-words"),
        ("jobs", ".job-row"),
        (f"jobs/{failed}", "#attempts .attempt"),
        ("health", ".checks .check"),
        ("audit?entity=provider:gemini", "#filter-entity"),
    ):
        page.goto("about:blank")
        admin.open(path)
        page.locator(shown).first.wait_for()
        wait_for(is_asked_for)
        assert not raw_words(admin), (path, raw_words(admin))
        held.clear()
    page.goto("about:blank")
    admin.open("jobs")
    wait_for(is_asked_for)
    for route in held:
        route.continue_()
    page.locator(".job-row", has_text="Google Gemini").first.wait_for()


def test_titles_that_cannot_be_read_leave_the_names(admin: Visit) -> None:
    page = admin.page
    page.route("**/api/providers", lambda route: route.fulfill(status=503, json={}))
    admin.open("jobs")
    page.locator(".job-row", has_text="gemini").first.wait_for()
