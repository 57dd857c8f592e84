"""What counts as wrong: the thresholds, the same as in ``etc/prometheus/photobooth.rules.yml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from types import MappingProxyType

from photobooth_daemon.errors import PhotoboothError, RateLimited
from photobooth_daemon.model import MB
from photobooth_daemon.model.alerts import Condition, Records, Severity, Troubles
from photobooth_daemon.monitoring.certificates import CERTIFICATE_ENDING, ends_by_subject

TIMEOUT_SHARE = 0.05
FAILED_SHARE = 0.05
FEWEST = 3
"""One bad photo on a quiet evening wakes nobody."""
FEWEST_NEAR_WINDOW = 5
NEAR_WINDOW = 0.8
FILLING_HOURS = 12.0
CAP_NEAR_PERCENT = 80
CLEANUP_LATE = timedelta(minutes=30)
BACKUP_OLD = timedelta(hours=26)
WRONG_PASSWORDS = 20
CLOCK_WRONG_SECONDS = 5.0
DATABASES_CLOCK = "PostgreSQL"
CERTIFICATE_AT_ITS_END = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Rule:
    """How urgent an alert is, and how long it has to hold before anyone is told."""

    severity: Severity
    hold_seconds: float = 0.0


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "PhotoboothTimeoutShareHigh": Rule(Severity.PAGE, 30),
        "PhotoboothSlotTimeouts": Rule(Severity.WARNING),
        "PhotoboothFailedShareHigh": Rule(Severity.PAGE, 30),
        "PhotoboothNearWindow": Rule(Severity.WARNING, 120),
        "PhotoboothWaitingRoomFull": Rule(Severity.WARNING),
        "PhotoboothInternalErrors": Rule(Severity.WARNING),
        "PhotoboothProviderCoolingDown": Rule(Severity.WARNING, 30),
        "PhotoboothProviderMisconfigured": Rule(Severity.PAGE),
        "PhotoboothCostCapNear": Rule(Severity.WARNING),
        "PhotoboothUnhealthy": Rule(Severity.PAGE, 30),
        "PhotoboothHostSilent": Rule(Severity.PAGE, 30),
        "PhotoboothClockWrong": Rule(Severity.WARNING, 60),
        # Longer than it takes to bring one host after the other up to date.
        "PhotoboothHostsDiffer": Rule(Severity.WARNING, 900),
        "PhotoboothCertificateEnding": Rule(Severity.WARNING),
        "PhotoboothCertificateAtItsEnd": Rule(Severity.PAGE),
        "PhotoboothDiskFilling": Rule(Severity.WARNING, 600),
        "PhotoboothDiskFull": Rule(Severity.PAGE),
        "PhotoboothCleanupLate": Rule(Severity.WARNING),
        "PhotoboothCleanupFailed": Rule(Severity.WARNING),
        "PhotoboothPasswordBruteForce": Rule(Severity.WARNING),
        "PhotoboothBackupOld": Rule(Severity.WARNING),
        "PhotoboothAuditPutBack": Rule(Severity.WARNING),
        "PhotoboothIntakeStalled": Rule(Severity.PAGE),
        "PhotoboothIntakeDown": Rule(Severity.PAGE, 60),
        "PhotoboothBoothSilent": Rule(Severity.PAGE),
    }
)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the conditions are decided from, at one instant."""

    now: datetime
    records: Records
    troubles: Mapping[str, Troubles] = field(default_factory=dict)
    """What is wrong with each host, as it sees that itself."""
    cooling: tuple[tuple[str, str], ...] = ()
    disks: Mapping[str, tuple[int | None, float | None]] = field(default_factory=dict)
    """How much room each host has, where it is known, and in how many hours it has none."""
    min_free_bytes: int = 0
    silent_hosts: tuple[tuple[str, datetime], ...] = ()
    """Hosts that have not stopped and do not show themselves, and since when."""
    differing: tuple[str, ...] = ()
    """The hosts that run, those together that are alike, if some are not."""
    caps: tuple[tuple[str, int], ...] = ()
    """Each cost cap of the day by its scope, and how many percent of it are spent."""
    silent: tuple[tuple[str, int], ...] = ()
    """Slots of running events that have stopped sending, and for how many minutes."""
    audit_head_was_put_back: bool = False
    """Somebody has put an older head back into the audit log, within a day."""


def list_conditions(situation: Situation) -> list[Condition]:
    """Return everything that is wrong."""
    return [
        *_photos(situation.records),
        *_answers(situation),
        *_providers(situation),
        *_machine(situation),
        *_chores(situation),
        *_intake(situation),
        *_booths(situation),
    ]


def _photos(records: Records) -> Iterator[Condition]:
    jobs = sum(slot.jobs for slot in records.slots)
    timeouts = sum(slot.timeouts for slot in records.slots)
    failures = sum(slot.failures for slot in records.slots)
    if timeouts >= FEWEST and timeouts > jobs * TIMEOUT_SHARE:
        yield Condition(
            "PhotoboothTimeoutShareHigh", facts={"percent": round(100 * timeouts / jobs)}
        )
    if failures >= FEWEST and failures > jobs * FAILED_SHARE:
        yield Condition(
            "PhotoboothFailedShareHigh", facts={"percent": round(100 * failures / jobs)}
        )
    for slot in records.slots:
        if slot.timeouts >= FEWEST:
            yield Condition("PhotoboothSlotTimeouts", slot.slot_id, {"count": slot.timeouts})
        used = slot.window_used_p95
        if slot.jobs >= FEWEST_NEAR_WINDOW and used is not None and used > NEAR_WINDOW:
            yield Condition(
                "PhotoboothNearWindow", slot.slot_id, {"percent": min(100, round(100 * used))}
            )


def _answers(situation: Situation) -> Iterator[Condition]:
    problems = _of_all_hosts(situation).problems
    errors = sum(count for code, _, count in problems if code == PhotoboothError.code)
    if errors:
        yield Condition("PhotoboothInternalErrors", facts={"count": errors})
    for code, slot_id, count in problems:
        if code == RateLimited.code and slot_id:
            yield Condition("PhotoboothWaitingRoomFull", slot_id, {"count": count})


def _providers(situation: Situation) -> Iterator[Condition]:
    for provider, model in situation.cooling:
        yield Condition(
            "PhotoboothProviderCoolingDown",
            f"{provider} {model}",
        )
    for provider, reason in situation.records.configuration_failures:
        yield Condition("PhotoboothProviderMisconfigured", provider, {"reason": reason})
    for scope, percent in situation.caps:
        if percent >= CAP_NEAR_PERCENT:
            yield Condition("PhotoboothCostCapNear", scope, {"percent": percent})


def _machine(situation: Situation) -> Iterator[Condition]:
    for host, troubles in situation.troubles.items():
        for check in troubles.failing_checks:
            yield Condition("PhotoboothUnhealthy", f"{host}/{check}")
    yield from _clocks(situation.troubles)
    yield from _certificates(situation)
    for host, (free_bytes, hours) in situation.disks.items():
        if free_bytes is None:
            continue
        free_mb = free_bytes // MB
        if free_bytes <= situation.min_free_bytes:
            yield Condition("PhotoboothDiskFull", host, {"free_mb": free_mb})
        elif hours is not None and hours < FILLING_HOURS:
            facts = {"free_mb": free_mb, "hours": round(hours, 1)}
            yield Condition("PhotoboothDiskFilling", host, facts)
    for host, seen_at in situation.silent_hosts:
        minutes = round((situation.now - seen_at).total_seconds() / 60)
        yield Condition("PhotoboothHostSilent", host, {"minutes": minutes})
    if situation.differing:
        yield Condition("PhotoboothHostsDiffer", facts={"hosts": " / ".join(situation.differing)})


def _clocks(troubles: Mapping[str, Troubles]) -> Iterator[Condition]:
    """Yield whose clock is wrong: where several hosts all say so, it is their database's."""
    wrong = {
        host: round(here.clock_skew_seconds)
        for host, here in troubles.items()
        if abs(here.clock_skew_seconds) > CLOCK_WRONG_SECONDS
    }
    if len(wrong) > 1 and len(wrong) == len(troubles):
        wrong = {DATABASES_CLOCK: max(wrong.values(), key=abs)}
    for name, seconds in wrong.items():
        yield Condition("PhotoboothClockWrong", name, {"seconds": abs(seconds)})


def _certificates(situation: Situation) -> Iterator[Condition]:
    """Yield which end soon; the bucket's, which all hosts are shown, once."""
    for subject, ends_at in ends_by_subject(situation.troubles).items():
        left, facts = ends_at - situation.now, {"date": f"{ends_at:%Y-%m-%d}"}
        if left < CERTIFICATE_ENDING:
            yield Condition("PhotoboothCertificateEnding", subject, facts)
        # Beside the other one, whose end would be told as if all were well.
        if left < CERTIFICATE_AT_ITS_END:
            yield Condition("PhotoboothCertificateAtItsEnd", subject, facts)


def _chores(situation: Situation) -> Iterator[Condition]:
    records, now = situation.records, situation.now
    expected = records.last_cleanup_success_at or records.cleanup_expected_since
    if expected is not None and now - expected > CLEANUP_LATE:
        minutes = round((now - expected).total_seconds() / 60)
        yield Condition("PhotoboothCleanupLate", facts={"minutes": minutes})
    if records.last_cleanup_succeeded is False:
        yield Condition("PhotoboothCleanupFailed")
    for kind, count in records.wrong_passwords.items():
        if count > WRONG_PASSWORDS or kind in records.locked_out:
            yield Condition("PhotoboothPasswordBruteForce", kind, {"count": count})
    backup = records.last_backup_success_at
    if backup is not None and now - backup > BACKUP_OLD:
        hours = round((now - backup).total_seconds() / 3600)
        yield Condition("PhotoboothBackupOld", facts={"hours": hours})
    if situation.audit_head_was_put_back:
        yield Condition("PhotoboothAuditPutBack")


def _intake(situation: Situation) -> Iterator[Condition]:
    for host, troubles in situation.troubles.items():
        if troubles.intake_is_down:
            yield Condition("PhotoboothIntakeDown", host)
    for slot_id, count in _of_all_hosts(situation).stalled:
        yield Condition("PhotoboothIntakeStalled", slot_id, {"count": count})


def _of_all_hosts(situation: Situation) -> Troubles:
    return reduce(Troubles.and_of, situation.troubles.values(), Troubles())


def _booths(situation: Situation) -> Iterator[Condition]:
    for slot_id, minutes in situation.silent:
        yield Condition("PhotoboothBoothSilent", slot_id, {"minutes": minutes})
