"""The catalogues: the same keys in both languages, whole plurals, no word outside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon import errors
from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.administration.slot_config import CONFIG_KEYS

pytestmark = pytest.mark.texts
ROOT = Path(str(files("photobooth_daemon.ui")))
FORMS = {"ru": {"one", "few", "many", "other"}, "en": {"one", "other"}}
ALL_FORMS = {"zero", "one", "two", "few", "many", "other"}
MODULES = sorted(path for path in ROOT.rglob("*.js") if not {"vendor", "guest"} & set(path.parts))
# What is written the same in every language: names of programs, keys of a keyboard, a site's map.
NAMES = {
    "DSLR Remote Pro",
    "Output Settings → Postprocess photos → Web based (HTTP POST)",
    "/healthz",
    "/metrics",
    "/api/docs",
}

# What an administrator's call may be answered with; cameras' own refusals are not among them.
CODES = [
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "payload_too_large",
    "unsupported_media_type",
    "internal_error",
    "database_unavailable",
    "shutting_down",
    "validation_failed",
    "xsrf_required",
    "invalid_credentials",
    "too_many_attempts",
    "version_required",
    "version_conflict",
    "slot_not_found",
    "slot_disabled",
    "storage_full",
    "storage_unavailable",
    "rate_limited",
    "upload_timeout",
    "invalid_image",
    "provider_error",
    "provider_timeout",
    "result_not_found",
    "result_expired",
    "media_not_found",
    "in_use",
    "job_not_found",
]


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, str) or set(value) <= ALL_FORMS:
            yield prefix + key, value
        else:
            yield from flat(value, f"{prefix}{key}.")


CATALOGUES = {
    language: dict(flat(json.loads((ROOT / "texts" / f"{language}.json").read_text("utf-8"))))
    for language in FORMS
}


def places(message: Any) -> set[str]:
    texts = [message] if isinstance(message, str) else message.values()
    return {place for text in texts for place in re.findall(r"\{(\w+)\}", text)}


def test_both_catalogues_have_the_same_keys_and_places() -> None:
    ru, en = CATALOGUES["ru"], CATALOGUES["en"]
    assert ru.keys() == en.keys()
    assert {key for key in ru if places(ru[key]) != places(en[key])} == set()


@pytest.mark.parametrize("language", FORMS)
def test_plurals_have_every_form_of_their_language(language: str) -> None:
    plurals = {k: v for k, v in CATALOGUES[language].items() if not isinstance(v, str)}
    assert len(plurals) > 10
    assert {key for key, forms in plurals.items() if set(forms) != FORMS[language]} == set()


@pytest.mark.parametrize("language", FORMS)
def test_no_text_is_empty_or_in_the_other_alphabet(language: str) -> None:
    wrong = []
    for key, message in CATALOGUES[language].items():
        for text in [message] if isinstance(message, str) else message.values():
            cyrillic = re.search("[а-яё]", text, re.I)
            if not text.strip() or (language == "en" and cyrillic and key != "choice.locale.ru"):
                wrong.append(key)
    assert wrong == []


def asked_for() -> tuple[set[str], list[re.Pattern[str]]]:
    """The keys that modules name, and patterns of those that they put together."""
    whole, parts = set(), []
    for path in MODULES:
        source = path.read_text("utf-8")
        for call in re.findall(r"\b(?:t|rich|has)\(([^;\n]*)", source):
            whole |= set(re.findall(r'"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"', call))
        for template in re.findall(r"[(?:] ?`([a-z0-9_]+\.[a-z0-9_.]*\$\{[^`]*)`", source):
            pattern = re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(template))
            parts.append(re.compile(pattern))
    sections = {key.partition(".")[0] for key in CATALOGUES["en"]}
    return {key for key in whole if key.partition(".")[0] in sections}, parts


def test_every_key_that_is_asked_for_is_there_and_no_other() -> None:
    whole, parts = asked_for()
    assert len(whole) > 200
    assert whole - CATALOGUES["en"].keys() == set()
    unused = {
        key
        for key in CATALOGUES["en"].keys() - whole
        if not any(pattern.fullmatch(key) for pattern in parts)
    }
    assert unused == set()


def test_every_word_of_the_daemon_has_a_text() -> None:
    known = CATALOGUES["en"]
    wanted = {f"problem.{code}.todo" for code in CODES}
    wanted |= {f"reason.{reason}.todo" for reason in errors.Reason}
    wanted |= {f"permission.{name}" for name in PERMISSIONS}
    wanted |= {f"setting.{name}" for name in BOUNDS}
    wanted |= {f"field.{name}" for name in CONFIG_KEYS if name != "output"}
    assert wanted - known.keys() == set()


def test_every_action_of_the_audit_log_has_a_text() -> None:
    named = set()
    for path in ROOT.parent.rglob("*.py"):
        named |= set(re.findall(r'\baction="([a-z_.]+)"', path.read_text("utf-8")))
    assert len(named) > 10
    assert {f"audit_action.{name}" for name in named} - CATALOGUES["en"].keys() == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_bare_text_in_a_view(path: Path) -> None:
    bare = [text for text in bare_texts(path.read_text("utf-8")) if text not in NAMES]
    assert bare == []


def bare_texts(source: str) -> Iterator[str]:
    """The words between tags, and in attributes that are read out, of every html`…` template."""
    for start in [match.end() for match in re.finditer(r"\bhtml`", source)]:
        template = _without_values(source, start)
        for attribute in re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', template):
            if re.search(r"[^\W\d_]", attribute):
                yield attribute
        for text in re.split(r"<[^>]*>", template):
            if re.search(r"[^\W\d_]{2,}", text):
                yield text.strip()


def _without_values(source: str, start: int) -> str:
    """One template with its ${…} taken out, nested templates and all."""
    kept, depth, at, ticks = [], 0, start, 0
    while at < len(source):
        if depth == 0 and source[at] == "`":
            break
        if source.startswith("${", at):
            depth, at = depth + 1, at + 2
            continue
        if depth and source[at] == "`":
            ticks, at = ticks + 1, _after_template(source, at + 1)
            continue
        if depth and source[at] == "{":
            depth += 1
        elif depth and source[at] == "}":
            depth -= 1
        elif not depth:
            kept.append(source[at])
        at += 1
    return "".join(kept)


def _after_template(source: str, at: int) -> int:
    depth = 0
    while at < len(source):
        if source.startswith("${", at):
            depth, at = depth + 1, at + 2
            continue
        if depth and source[at] == "`":
            at = _after_template(source, at + 1)
            continue
        if depth and source[at] in "{}":
            depth += 1 if source[at] == "{" else -1
        elif not depth and source[at] == "`":
            return at + 1
        at += 1
    return at
