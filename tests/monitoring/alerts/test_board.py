"""What people are told, when, and when not."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from photobooth_daemon.model.alerts import Condition, Records, SlotFigures, Troubles
from photobooth_daemon.monitoring.alerts.board import AlertBoard
from photobooth_daemon.monitoring.alerts.conditions import RULES, Situation, list_conditions
from photobooth_daemon.monitoring.alerts.texts import SUMMARIES, summary_of, text_of, title_of
from tests.support.fakes import FakeClock

ANSWERED = ("PhotoboothInternalErrors", "PhotoboothWaitingRoomFull")
FULL = Condition("PhotoboothDiskFull", "one", {"free_mb": 5})
LATE = Condition("PhotoboothSlotTimeouts", "slot-003", {"count": 4})
DOWN = Condition("PhotoboothUnhealthy", "database")


class Evening:
    """A board and a clock; ``look`` tells what is announced."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.board = AlertBoard(timedelta(hours=4))

    def look(
        self, *conditions: Condition, after: float = 10, quiet: bool = False
    ) -> tuple[list[str], list[str]]:
        self.clock.advance(after)
        begun, over = self.board.look(self.clock.utcnow(), conditions, quiet=quiet, locale="en")
        return [a.name for a in begun], [a.name for a in over]

    def until_announced(self, *conditions: Condition) -> list[str]:
        for _ in range(30):
            begun, _over = self.look(*conditions)
            if begun:
                return begun
        raise AssertionError("never announced")


@pytest.fixture
def evening() -> Evening:
    return Evening()


def test_what_goes_wrong_together_is_one_message(evening: Evening) -> None:
    assert evening.look(LATE) == ([], [])
    assert evening.look(LATE, FULL) == ([], [])
    assert evening.look(LATE, FULL) == ([FULL.name, LATE.name], [])
    assert evening.look(LATE, FULL) == ([], [])


def test_a_short_trouble_is_not_mentioned(evening: Evening) -> None:
    assert evening.look(DOWN) == ([], [])
    assert evening.look(DOWN) == ([], [])
    for _ in range(20):
        assert evening.look() == ([], [])


def test_recovery_is_announced_once_it_is_sure(evening: Evening) -> None:
    evening.until_announced(DOWN)
    assert evening.look(after=30) == ([], [])
    assert evening.look(DOWN, after=10) == ([], [])
    assert evening.look(after=30) == ([], [])
    assert evening.look(after=60) == ([], [])
    assert evening.look(after=20) == ([], [DOWN.name])
    for _ in range(5):
        assert evening.look(after=60) == ([], [])


def test_a_reminder_comes_after_hours(evening: Evening) -> None:
    evening.until_announced(FULL)
    assert evening.look(FULL, after=3600 * 3) == ([], [])
    assert evening.look(FULL, after=3600) == ([], [])
    assert evening.look(FULL, after=30) == ([FULL.name], [])


def test_a_maintenance_window_is_quiet_and_forgets_nothing(evening: Evening) -> None:
    evening.until_announced(FULL)
    for _ in range(10):
        assert evening.look(LATE, DOWN, after=60, quiet=True) == ([], [])
    assert evening.look(DOWN) == ([], [])
    assert evening.look(DOWN, after=25) == ([DOWN.name], [FULL.name])


def test_a_restart_neither_repeats_nor_forgets(evening: Evening) -> None:
    evening.until_announced(FULL)
    after_restart = AlertBoard(timedelta(hours=4))
    after_restart.restore(evening.board.entries())
    evening.board = after_restart
    for _ in range(5):
        assert evening.look(FULL) == ([], [])
    evening.look(after=10)
    evening.look(after=65)
    assert evening.look(after=25) == ([], [FULL.name])


def situation(clock: FakeClock, records: Records | None = None, **seen: object) -> Situation:
    return Situation(now=clock.utcnow(), records=records or Records(), **seen)  # type: ignore[arg-type]


def names(found: Situation) -> list[str]:
    return [condition.name for condition in list_conditions(found)]


def test_all_is_well(clock: FakeClock) -> None:
    now = clock.utcnow()
    records = Records(
        slots=(SlotFigures("slot-001", 100, 2, 2, 0.5),),
        wrong_passwords={"login": 20},
        cleanup_expected_since=now - timedelta(days=1),
        last_cleanup_success_at=now - timedelta(minutes=20),
        last_cleanup_succeeded=True,
        last_backup_success_at=now - timedelta(hours=25),
    )
    assert (
        names(
            situation(
                clock,
                records,
                disks={"one": (10**10, 13.0)},
                min_free_bytes=10**9,
            )
        )
        == []
    )


def test_each_trouble_has_its_name(clock: FakeClock) -> None:
    now = clock.utcnow()
    records = Records(
        slots=(
            SlotFigures("slot-001", 20, 0, 5, 0.5),
            SlotFigures("slot-002", 5, 3, 0, 0.95),
            SlotFigures("slot-003", 4, 0, 0, 0.95),
        ),
        configuration_failures=(("gemini", "auth"),),
        wrong_passwords={"login": 21, "ingest": 3},
        last_cleanup_success_at=now - timedelta(minutes=31),
        last_cleanup_succeeded=False,
        last_backup_success_at=now - timedelta(hours=27),
    )
    found = situation(
        clock,
        records,
        troubles={
            "one": Troubles(
                failing_checks=("database",),
                clock_skew_seconds=-6.4,
                intake_is_down=True,
                stalled=(("slot-003", 7),),
                problems=(
                    ("internal_error", "", 1),
                    ("internal_error", "slot-001", 2),
                    ("rate_limited", "", 3),
                    ("rate_limited", "slot-002", 4),
                ),
                certificates=(("server", int((now + timedelta(days=2)).timestamp())),),
            )
        },
        cooling=(("gemini", "m"),),
        caps=(("all", 80), ("slot-001", 79)),
        silent=(("slot-004", 12),),
        audit_head_was_put_back=True,
        disks={"one": (10**9, 3.0), "two": (10**9, None), "three": (None, None)},
        min_free_bytes=10**8,
        silent_hosts=(("three", now - timedelta(minutes=2)),),
        differing=("one", "two"),
    )
    assert set(names(found)) == set(RULES) - {"PhotoboothDiskFull"}
    problems = [(c.subject, c.facts["count"]) for c in list_conditions(found) if c.name in ANSWERED]
    assert problems == [("", 3), ("slot-002", 4)]
    assert names(situation(clock, disks={"one": (5, 1.0)}, min_free_bytes=6)) == [
        "PhotoboothDiskFull"
    ]


def test_a_hosts_trouble_has_its_name(clock: FakeClock) -> None:
    found = situation(
        clock,
        troubles={
            "one": Troubles(problems=(("internal_error", "slot-001", 2),)),
            "two": Troubles(("media",), 11.8, True, (), (("internal_error", "", 1),)),
        },
    )
    assert [(c.name, c.subject, dict(c.facts)) for c in list_conditions(found)] == [
        ("PhotoboothInternalErrors", "", {"count": 3}),
        ("PhotoboothUnhealthy", "two/media", {}),
        ("PhotoboothClockWrong", "two", {"seconds": 12}),
        ("PhotoboothIntakeDown", "two", {}),
    ]


def test_a_clock_that_all_hosts_find_wrong_is_the_databases(clock: FakeClock) -> None:
    off = {name: Troubles(clock_skew_seconds=-9.0) for name in ("one", "two")}
    (told,) = list_conditions(situation(clock, troubles=off))
    assert (told.name, told.subject) == ("PhotoboothClockWrong", "PostgreSQL")
    alone = list_conditions(situation(clock, troubles={"one": off["one"]}))
    assert [told.subject for told in alone] == ["one"]


def test_a_buckets_certificate_is_told_once_and_a_hosts_own_by_its_name(clock: FakeClock) -> None:
    def days(count: float) -> int:
        return int((clock.utcnow() + timedelta(days=count)).timestamp())

    found = situation(
        clock,
        troubles={
            "one": Troubles(certificates=(("S3", days(13)), ("server", days(80)))),
            "two": Troubles(certificates=(("S3", days(12)), ("server", days(-0.5)))),
            "three": Troubles(certificates=(("server", days(14.1)),)),
        },
    )
    ends = [(c.name, c.subject, c.facts["date"]) for c in list_conditions(found)]
    of_bucket, of_two = (
        f"{clock.utcnow() + timedelta(days=count):%Y-%m-%d}" for count in (12, -0.5)
    )
    assert ends == [
        ("PhotoboothCertificateEnding", "S3", of_bucket),
        ("PhotoboothCertificateEnding", "two", of_two),
        ("PhotoboothCertificateAtItsEnd", "two", of_two),
    ]


def test_of_two_processes_the_one_that_kept_the_old_certificate_counts() -> None:
    renewed = Troubles(certificates=(("S3", 5), ("server", 9)))
    old = Troubles(certificates=(("server", 7),))
    for seen in (renewed.and_of(old), old.and_of(renewed)):
        assert seen.certificates == (("S3", 5), ("server", 7))


def test_what_processes_of_one_host_see_is_put_together() -> None:
    first = Troubles(("media",), 6.0, False, (("slot-001", 2),), (("rate_limited", "slot-001", 1),))
    other = Troubles(("media",), -7.0, True, (("slot-001", 2),), (("rate_limited", "slot-001", 3),))
    assert first.and_of(other) == Troubles(
        ("media",), -7.0, True, (("slot-001", 2),), (("rate_limited", "slot-001", 4),)
    )
    assert first.and_of(Troubles()) == first


def test_an_installation_without_any_cleanup_is_late_too(clock: FakeClock) -> None:
    now = clock.utcnow()
    assert names(situation(clock, Records(cleanup_expected_since=now))) == []
    old = Records(cleanup_expected_since=now - timedelta(minutes=40))
    assert names(situation(clock, old)) == ["PhotoboothCleanupLate"]


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_every_alert_says_something_in_both_languages(locale: str) -> None:
    assert set(SUMMARIES) == set(RULES)
    named = (
        "percent",
        "count",
        "reason",
        "free_mb",
        "hours",
        "minutes",
        "seconds",
        "hosts",
        "date",
    )
    facts = dict.fromkeys(named, 7)
    said = {summary_of(Condition(name, "x", facts), locale) for name in RULES}
    assert len(said) == len(RULES)
    assert all("{" not in text for text in said)


def test_a_message_names_the_gravest_first(evening: Evening) -> None:
    begun: list[str] = []
    while not begun:
        begun, _ = evening.look(LATE, FULL)
    entries = evening.board.entries()
    assert {entry.condition.name for entry in entries} == {LATE.name, FULL.name}
    board = AlertBoard(timedelta(hours=4))
    at = evening.clock.utcnow()
    board.look(at, [LATE, FULL], quiet=False, locale="ru")
    firing, _over = board.look(at + timedelta(seconds=30), [LATE, FULL], quiet=False, locale="ru")
    title = title_of("booth.lan", firing, [], "ru")
    text = text_of("booth.lan", firing, [], "ru")
    assert title.startswith("booth.lan: Тревога: one: диск заполнен")
    assert title.endswith("(и ещё 1)")
    assert "PhotoboothDiskFull.md" in text
    assert "slot-003" in text


def test_the_page_on_alerts_names_each_with_its_hold() -> None:
    text = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text("utf-8")
    table = dict.fromkeys(RULES, "")
    for line in text.splitlines():
        for name in re.findall(r"Photobooth\w+", line) if line.startswith("| Photobooth") else ():
            table[name] = line
    for name, rule in RULES.items():
        seconds = (
            f"{rule.hold_seconds:.0f} s"
            if rule.hold_seconds < 60
            else (f"{rule.hold_seconds / 60:.0f} min")
        )
        ending = f"| {rule.severity.value} | {seconds if rule.hold_seconds else '–'} |"
        assert table[name].endswith(ending), name
