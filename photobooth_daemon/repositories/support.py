"""What helps to understand an installation from afar: nothing of guests, no secret."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.database.pool import Database

FAILED_JOBS = 100

_QUERIES = {
    "migrations": "SELECT number, name, applied_at FROM schema_migration ORDER BY number",
    "tables": """
        SELECT relname AS table, n_live_tup AS rows, n_dead_tup AS dead_rows,
               pg_total_relation_size(relid) AS bytes, last_autovacuum, last_autoanalyze
          FROM pg_stat_user_tables ORDER BY relname
    """,
    "connections": """
        SELECT application_name, state, wait_event_type, count(*) AS connections
          FROM pg_stat_activity WHERE datname = current_database()
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
    "settings": "SELECT version, stored, updated_at, updated_by FROM setting",
    "slots": """
        SELECT slot_id, version, display_name, enabled, provider, operation, params, response_mode,
               inline_preview, sync_response_seconds, output, on_failure, cost_cap_per_day,
               fallback, updated_at, updated_by
          FROM slot ORDER BY slot_id
    """,
    "processes": "SELECT * FROM daemon_process ORDER BY started_at",
    "cleanup_runs": "SELECT * FROM cleanup_run ORDER BY run_id DESC LIMIT 50",
    "backup_runs": "SELECT * FROM backup_run ORDER BY run_id DESC LIMIT 20",
    "alerts": "SELECT * FROM alert ORDER BY since",
    "outcomes": """
        SELECT stretch_at AS two_hours_from, slot_id, status, nullif(reason, '') AS code, jobs
          FROM job_rollup
         WHERE stretch_seconds = 7200
           AND stretch_at > (SELECT max(stretch_at) FROM job_rollup WHERE stretch_seconds = 7200)
                            - interval '2 days'
         ORDER BY 1, 2, 3, 4
    """,
}


class SupportRepository:
    """Reads what goes into a support bundle."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> dict[str, list[dict[str, Any]]]:
        """Return every table of the bundle, by its name.

        What guests typed (``client_fields``), their addresses and the pictures'
        digests are left out.
        """
        found = {}
        async with self._database.connection() as connection:
            for name, query in _QUERIES.items():
                found[name] = [dict(row) for row in await connection.fetch(query)]
            rows = await connection.fetch(
                """
                SELECT job_id, slot_id, slot_version, source, status, failure_code, provider_code,
                       provider, operation, attempts, request_id, input_content_type, input_width,
                       input_height, input_size_bytes, timings, cost, started_at, deadline_at,
                       finished_at
                  FROM job_history WHERE status <> 'done'
                 ORDER BY started_at DESC, job_id DESC LIMIT $1
                """,
                FAILED_JOBS,
            )
        found["failed_jobs"] = [dict(row) for row in rows]
        return found
