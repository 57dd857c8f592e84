"""The guest's page says the right thing in the reader's language and escapes all it is given."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.web.guests.guest_page import (
    Deletion,
    GuestFacts,
    GuestState,
    render_guest_page,
)
from photobooth_daemon.web.guests.look import Look, ink_on
from photobooth_daemon.web.guests.texts import LANGUAGES, choose_language

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JOB = "7f9c24e8-3b12-4fef-91e0-5a3dd4d7a9c2"
FACTS = GuestFacts(
    page_link=f"https://booth.lan/r/{JOB}",
    preview_link=f"https://booth.lan/public/results/{JOB}/preview",
    result_url=f"/public/results/{JOB}",
    download_url=f"/public/results/{JOB}?download=1",
    qr_url=f"/public/results/{JOB}/qr.svg",
    width=1800,
    height=1200,
    size_bytes=1_572_864,
    expires_at=NOW + timedelta(hours=72),
    now=NOW,
)


class Tags(HTMLParser):
    """Collects the start tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ready_page_shows_the_picture_and_gives_it_away(language: str) -> None:
    page = Tags(render_guest_page(GuestState.READY, language, FACTS))
    assert ("html", {"lang": language}) in page.tags
    pictures = [a for tag, a in page.tags if tag == "img"]
    assert pictures[0]["src"] == FACTS.result_url
    assert (pictures[0]["width"], pictures[0]["height"]) == ("1800", "1200")
    assert pictures[1]["src"] == FACTS.qr_url
    assert all(picture["alt"] for picture in pictures)
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert FACTS.download_url in links
    # Nobody types that: the code has it, and the button that shares.
    assert str(JOB) not in page.text
    assert FACTS.page_link in [a.get("data-link") for _, a in page.tags]
    assert "$" not in page.text
    assert "{" not in page.text
    assert "form" not in [tag for tag, _ in page.tags]


@pytest.mark.parametrize(
    ("language", "left", "words"),
    [
        ("ru", timedelta(hours=72), "ещё 3 дня — до 25 ноября 2026 г., 12:00 UTC"),
        ("ru", timedelta(days=21), "ещё 21 день "),
        ("ru", timedelta(days=11), "ещё 11 дней "),
        ("ru", timedelta(hours=2, seconds=1), "ещё 2 часа "),
        ("ru", timedelta(minutes=1), "ещё 1 минуту "),
        ("ru", timedelta(seconds=5), "ещё 1 минуту "),
        ("en", timedelta(hours=72), "for another 3 days, until 25 November 2026, 12:00 UTC"),
        ("en", timedelta(hours=1), "for another 1 hour"),
        ("en", timedelta(minutes=30), "for another 30 minutes"),
    ],
)
def test_the_time_left_is_said_in_words(language: str, left: timedelta, words: str) -> None:
    facts = replace(FACTS, expires_at=NOW + left)
    page = Tags(render_guest_page(GuestState.READY, language, facts))
    assert words in page.text
    assert [a["datetime"] for tag, a in page.tags if tag == "time"] == [rfc3339(NOW + left)]


@pytest.mark.parametrize(
    ("language", "size_bytes", "words"),
    [("ru", 1_572_864, "1,5 МБ"), ("en", 1_572_864, "1.5 MB"), ("en", 52_000, "51 KB")],
)
def test_the_size_is_said_in_words(language: str, size_bytes: int, words: str) -> None:
    facts = replace(FACTS, size_bytes=size_bytes)
    assert words in render_guest_page(GuestState.READY, language, facts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [state for state in GuestState if state != GuestState.READY])
def test_an_ended_page_offers_no_picture(state: GuestState, language: str) -> None:
    page = Tags(render_guest_page(state, language))
    assert not [tag for tag, _ in page.tags if tag in {"img", "a"}]
    scripts = [attributes["src"] for tag, attributes in page.tags if tag == "script"]
    assert scripts == (["/ui/guest/awaited.js"] if state is GuestState.AWAITED else [])
    assert "$" not in page.text


def test_whatever_the_facts_hold_is_escaped() -> None:
    nasty = '"><script>alert(1)</script>$heading'
    facts = replace(FACTS, page_link=nasty, result_url=nasty, qr_url=nasty)
    deletion = Deletion(nasty, nasty, nasty)
    look = Look(title=nasty, greeting=nasty, logo_url=nasty)
    page = Tags(render_guest_page(GuestState.READY, "en", facts, look, deletion))
    scripts = [a["src"] for tag, a in page.tags if tag == "script"]
    assert scripts == ["/ui/guest/dates.js", "/ui/guest/share.js"]
    assert nasty in page.text


def test_no_page_needs_inline_code_or_another_origin() -> None:
    for language in LANGUAGES:
        page = Tags(render_guest_page(GuestState.READY, language, FACTS))
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            for name in ("src", "href"):
                address = attributes.get(name)
                assert address is None or address.startswith("/"), (tag, address)


def test_a_ready_page_without_facts_is_refused() -> None:
    with pytest.raises(ValueError, match="facts"):
        render_guest_page(GuestState.READY, "en")
    with pytest.raises(ValueError, match="de"):
        render_guest_page(GuestState.EXPIRED, "de")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("de, ru;q=0.5, en;q=0.4", "ru"),
        ("ru;q=0, en;q=0.1", "en"),
        ("fr", "en"),
        ("*", "ru"),
        ("ru;q=much", "en"),
        (None, "ru"),
        ("", "ru"),
    ],
)
def test_the_language_follows_the_reader(header: str | None, language: str) -> None:
    assert choose_language(header, fallback="ru") == language


def test_both_languages_have_the_same_texts() -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            plural = "one" in value
            return "plural" if plural else {key: shape(inner) for key, inner in value.items()}
        return type(value).__name__

    ru, en = (
        json.loads((files("photobooth_daemon.ui") / "guest" / f"{lang}.json").read_text("utf-8"))
        for lang in LANGUAGES
    )
    assert shape(ru) == shape(en)
    for unit in ("day", "hour", "minute"):
        assert set(ru[unit]) == {"one", "few", "many"}
        assert set(en[unit]) == {"one", "other"}


@pytest.mark.parametrize(
    ("accent", "ink"),
    [
        ("#0b6b5d", "#ffffff"),
        ("#ffee00", "#000000"),
        ("#777777", "#000000"),
        ("#000000", "#ffffff"),
    ],
)
def test_ink_is_readable_on_the_event_s_colour(accent: str, ink: str) -> None:
    assert ink_on(accent) == ink
