"""Fills PostgreSQL with a quarter of a year of photos, without counting each as it comes.

Made for tens of millions: a hundredth of the jobs is thrown once, as a pattern, and laid down
a hundred times, each later than the one before; indexes are built at the end, and what a
trigger would have counted is counted then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import asyncpg

PIECES = 100
EVENTS_A_PIECE = 10
DAYS = 90
"""``history_days`` of a new installation, so that cleanup has just nothing to delete."""

TABLES = ("job_history", "media_object", "idempotency_key")

PATTERN = """
CREATE UNLOGGED TABLE pattern AS
SELECT n, format('slot-%s', lpad((1 + n % 15)::text, 3, '0')) AS slot_id,
       CASE WHEN n % 97 = 0 THEN 'test' ELSE 'ingest' END AS source, status,
       CASE status WHEN 'timeout' THEN 'provider_timeout'
                   WHEN 'failed' THEN 'provider_error' END AS failure_code,
       CASE status WHEN 'failed' THEN 'overloaded' END AS provider_code,
       jsonb_build_array(jsonb_build_object(
           'provider', 'gemini', 'operation', 'edit', 'model', 'gemini-2.5-flash-image',
           'started_ms', 900, 'duration_ms', ms,
           'reason', CASE status WHEN 'failed' THEN 'overloaded' END)) AS attempts,
       jsonb_build_object('total_ms', ms, 'provider_ms', (ms * 0.8)::integer) AS timings,
       ms, random() * interval '21 hours 36 minutes' AS after, md5(n::text) AS digest
  FROM (SELECT n,
               CASE WHEN n % 1000 = 7 THEN 'timeout' WHEN n % 211 = 3 THEN 'failed'
                    ELSE 'done' END AS status,
               (2000 * exp(random() * 2))::integer AS ms
          FROM generate_series(1, $1::integer) AS n) AS thrown
 ORDER BY after
"""

EVENTS = """
INSERT INTO event (
    event_id, version, name, starts_at, ends_at, slot_ids, frozen, gallery_enabled, gallery_token,
    gallery_archive, guest, keep_originals, rerun, silent_minutes, updated_at, updated_by)
SELECT md5(format('event %s %s', piece, n))::uuid, 1, format('Evening %s of %s', n, piece),
       begins, begins + interval '21 hours 36 minutes',
       ARRAY[format('slot-%s', lpad((1 + n)::text, 3, '0'))], false, true,
       left(md5(format('gallery %s %s', piece, n)), 22), false,
       '{}', 'failed', 'auto', 30, begins, 'serg'
  FROM generate_series(0, $2::integer - 1) AS piece, generate_series(0, $3::integer - 1) AS n,
       LATERAL (SELECT $1::timestamptz - ($2 - piece) * interval '21 hours 36 minutes')
               AS t (begins)
"""

JOBS = """
INSERT INTO job_history (
    job_id, slot_id, slot_version, source, status, failure_code, provider_code, provider,
    operation, attempts, client_fields, client_address, input_content_type, input_width,
    input_height, input_size_bytes, input_sha256, result_content_type, result_width,
    result_height, result_size_bytes, result_sha256, timings, cost, started_at, deadline_at,
    finished_at, result_expires_at, event_id, guest_key, original_expires_at)
SELECT md5(format('job %s %s', $2::integer, n))::uuid, slot_id, 1, source, status, failure_code,
       provider_code, 'gemini', 'edit', attempts, '{"time": "1767859200", "hash": "0f3c"}',
       '192.0.2.7', 'image/jpeg', 6000, 4000, 8000000, digest,
       CASE status WHEN 'done' THEN 'image/jpeg' END, CASE status WHEN 'done' THEN 1024 END,
       CASE status WHEN 'done' THEN 1024 END, CASE status WHEN 'done' THEN 900000 END,
       CASE status WHEN 'done' THEN digest END, timings, 0.04, at, at + interval '48 s',
       at + make_interval(secs => ms / 1000.0),
       CASE status WHEN 'done' THEN at + interval '72 h' END,
       CASE WHEN n % 15 < $3 THEN md5(format('event %s %s', $2, n % 15))::uuid END,
       CASE WHEN n % 15 < $3 THEN digest END,
       CASE WHEN status <> 'done' AND n % 15 < $3 THEN at + interval '72 h' END
  FROM (SELECT *, $1::timestamptz + after AS at FROM pattern) AS laid
"""

MEDIA = """
INSERT INTO media_object (media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at)
SELECT gen_random_uuid(), md5(format('job %s %s', $2::integer, n))::uuid, kind, 'image/jpeg',
       size_bytes, expires_at, CASE WHEN expires_at <= $3 THEN expires_at END
  FROM (SELECT *, $1::timestamptz + after + interval '72 h' AS expires_at FROM pattern) AS laid
 CROSS JOIN (VALUES ('result', 900000), ('preview', 40000), ('original', 8000000))
            AS object (kind, size_bytes)
 WHERE (status = 'done') = (kind <> 'original') AND (kind <> 'original' OR n % 15 < $4)
"""

KEYS = """
INSERT INTO idempotency_key (slot_id, key, photo_sha256, job_id, created_at)
SELECT slot_id, job_id::text, input_sha256, job_id, started_at
  FROM job_history WHERE started_at > $1::timestamptz - interval '72 hours' AND source = 'ingest'
"""

OUTCOMES = """
INSERT INTO job_rollup
SELECT $1::integer, date_bin(make_interval(secs => $1), started_at, 'epoch'), slot_id, status,
       coalesce(provider_code, failure_code, ''), count(*), sum(input_size_bytes),
       coalesce(sum(result_size_bytes), 0), coalesce(sum(cost), 0)
  FROM job_history
 WHERE started_at > $2 AND source = 'ingest'
 GROUP BY 1, 2, 3, 4, 5
"""

DURATIONS = """
INSERT INTO job_rollup_duration
SELECT $1::integer, date_bin(make_interval(secs => $1), started_at, 'epoch'), slot_id, measure,
       floor(ln(greatest(ms, 1)) / ln(1.05))::integer, count(*), sum(ms)
  FROM job_history
 CROSS JOIN LATERAL (VALUES ('total_ms', (timings ->> 'total_ms')::bigint),
                            ('provider_ms', nullif((timings ->> 'provider_ms')::bigint, 0))
                    ) AS duration (measure, ms)
 WHERE started_at > $2 AND source = 'ingest' AND ms IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5
"""

EVENT_COUNTS = """
INSERT INTO event_count (event_id, slot_id, status, photos, fallback)
SELECT event_id, slot_id, status, count(*), 0 FROM job_history
 WHERE event_id IS NOT NULL AND source = 'ingest' GROUP BY 1, 2, 3
"""

SPENT = """
INSERT INTO job_spending (day, slot_id, cost)
SELECT (started_at AT TIME ZONE 'UTC')::date, slot_id, sum(cost) FROM job_history
 WHERE started_at > $1::timestamptz - interval '2 days' GROUP BY 1, 2
"""

COUNTED = {
    OUTCOMES: {60: "2 hours", 900: "26 hours", 7200: "8 days"},
    DURATIONS: {300: "2 hours", 3600: "26 hours", 21600: "8 days"},
}


async def fill(
    connection: asyncpg.Connection, jobs: int, until: datetime, say: Callable[[str], None]
) -> None:
    """Put so many ended jobs, their media objects, events and keys into an empty schema."""
    begun = time.monotonic()

    def told(what: str) -> None:
        say(f"{time.monotonic() - begun:6.0f} s  {what}")

    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET synchronous_commit = off")
    await connection.execute("SET maintenance_work_mem = '1GB'")
    built = await _take_down(connection)
    await connection.execute(PATTERN.replace("$1", str(jobs // PIECES)))
    await connection.execute(EVENTS, until, PIECES, EVENTS_A_PIECE)
    told("pattern")
    for piece in range(PIECES):
        begins = await connection.fetchval(
            "SELECT $1::timestamptz - $2::integer * interval '21 hours 36 minutes'",
            until,
            PIECES - piece,
        )
        await connection.execute(JOBS, begins, piece, EVENTS_A_PIECE)
        await connection.execute(MEDIA, begins, piece, until, EVENTS_A_PIECE)
        told(f"{jobs // PIECES * (piece + 1):,} jobs")
    await connection.execute("DROP TABLE pattern")
    for statement in built:
        await connection.execute(statement)
        told(statement[:100])
    await connection.execute(KEYS, until)
    await connection.execute(EVENT_COUNTS)
    await connection.execute(SPENT, until)
    for count, stretches in COUNTED.items():
        for seconds, kept in stretches.items():
            since = await connection.fetchval(
                "SELECT $1::timestamptz - $2::text::interval", until, kept
            )
            await connection.execute(count, seconds, since)
    told("counted")
    await connection.execute("VACUUM (ANALYZE)")
    told("vacuumed")


async def _take_down(connection: asyncpg.Connection) -> list[str]:
    """Drop keys and indexes; return what builds them again."""
    keys = await connection.fetch(
        """
        SELECT conrelid::regclass AS table, conname AS name, contype AS kind,
               pg_get_constraintdef(oid) AS definition
          FROM pg_constraint
         WHERE contype IN ('p', 'f')
           AND (conrelid::regclass::text = ANY($1) OR confrelid::regclass::text = ANY($1))
         ORDER BY contype
        """,
        list(TABLES),
    )
    indexes = await connection.fetch(
        """
        SELECT indexname AS name, indexdef AS definition FROM pg_indexes
         WHERE tablename = ANY($1) AND indexname NOT LIKE '%\\_pkey'
        """,
        list(TABLES),
    )
    for key in keys:  # foreign ones first
        await connection.execute(f"ALTER TABLE {key['table']} DROP CONSTRAINT {key['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    return [
        f"ALTER TABLE {key['table']} ADD CONSTRAINT {key['name']} {key['definition']}"
        # The pattern refers to nothing that is not there.
        + (" NOT VALID" if key["kind"] == b"f" else "")
        for key in sorted(keys, key=lambda key: key["kind"] == b"f")
    ] + [index["definition"] for index in indexes]
