"""A booth of an event that falls silent while others work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from photobooth_daemon.model.alerts import Records
from photobooth_daemon.monitoring.alerts.conditions import Situation, list_conditions
from photobooth_daemon.monitoring.alerts.texts import summary_of
from photobooth_daemon.repositories.events import EventRepository
from tests.support.office import Office
from tests.web.test_events import planned

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)


async def running(office: Office, **config: Any) -> UUID:
    event = await planned(office, silent_minutes=10, **config)
    event_id = UUID(event["event_id"])
    await office.execute(
        "UPDATE event SET starts_at = $2, ends_at = $3 WHERE event_id = $1",
        event_id, NOW - timedelta(hours=3), NOW + timedelta(hours=3),
    )  # fmt: skip
    return event_id


async def photos(office: Office, event_id: UUID, slot_id: str, *minutes_ago: int) -> None:
    for minutes in minutes_ago:
        at = NOW - timedelta(minutes=minutes)
        await office.execute(
            """
            INSERT INTO job_history (job_id, slot_id, slot_version, source, status, client_fields,
                                     input_content_type, input_width, input_height,
                                     input_size_bytes, input_sha256, started_at, deadline_at,
                                     finished_at, failure_code, event_id)
            VALUES (gen_random_uuid(), $1, 1, 'ingest', 'failed', '{}', 'image/jpeg', 1, 1, 1, '',
                    $2, $2, $2, 'provider_error', $3)
            """,
            slot_id, at, event_id,
        )  # fmt: skip


async def silent(office: Office) -> list[tuple[str, int]]:
    return await EventRepository(office.database).list_silent(NOW)


async def test_a_booth_that_worked_and_stopped_is_silent(office: Office) -> None:
    event_id = await running(office)
    await photos(office, event_id, "slot-001", 12, 20, 30, 40, 50)
    await photos(office, event_id, "slot-002", 1)
    assert await silent(office) == [("slot-001", 12)]
    # It sends again.
    await photos(office, event_id, "slot-001", 2)
    assert await silent(office) == []


async def test_silence_of_all_or_of_one_that_never_worked_is_none(office: Office) -> None:
    event_id = await running(office)
    await photos(office, event_id, "slot-001", 12, 20, 30, 40, 50)
    await photos(office, event_id, "slot-002", 30, 31)
    assert await silent(office) == []
    await photos(office, event_id, "slot-003", 1)
    assert await silent(office) == [("slot-001", 12)]
    for minutes in (None, 15):
        await office.execute("UPDATE event SET silent_minutes = $1", minutes)
        assert await silent(office) == []
    await office.execute("UPDATE event SET silent_minutes = 10, ends_at = $1", NOW)
    assert await silent(office) == []


def test_the_alert_says_which_and_since_when() -> None:
    (condition,) = list_conditions(Situation(NOW, Records(), silent=(("slot-001", 12),)))
    assert condition.name == "PhotoboothBoothSilent"
    assert "slot-001" in summary_of(condition, "ru")
    assert "12" in summary_of(condition, "en")
