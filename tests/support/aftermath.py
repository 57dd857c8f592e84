"""What must hold once every photo has ended, however it ended: nothing is left but the results."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.support.fakes import eventually

Fetch = Callable[..., Awaitable[list[Any]]]

SHELVES = {"scratch", "provider", "results", "originals", "templates", ".in-use"}
OPEN_TRANSACTIONS = """
    SELECT pid, query FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%'
"""


async def assert_nothing_left(fetch: Fetch, media_root: Path, *, seconds: float = 30) -> None:
    """Fail if a job is still open, a row lacks its file, a file its row, or a link its end.

    ``fetch`` runs a query on the daemon's database. Ends may take a moment
    after the answer has left, so what is not yet so is looked at again.
    """
    faults: list[str] = []

    async def nothing() -> bool:
        faults[:] = [*await row_faults(fetch), *await _file_faults(fetch, media_root)]
        return not faults

    try:
        await eventually(nothing, seconds=seconds, every_seconds=0.1)
    except AssertionError as error:
        raise AssertionError("; ".join(faults)) from error


async def row_faults(fetch: Fetch) -> list[str]:
    """Return what rows say that should have ended, and has not."""
    faults = [
        f"job {row['job_id']} is still pending"
        for row in await fetch("SELECT job_id FROM job_history WHERE status = 'pending'")
    ]
    faults += [
        f"the provider's input {row['media_id']} is still open"
        for row in await fetch(
            "SELECT media_id FROM media_object WHERE kind = 'provider_input' AND cleaned_at IS NULL"
        )
    ]
    faults += [
        f"job {row['job_id']} is {row['status']} and has {row['kinds']}"
        for row in await fetch(
            """
            SELECT job_id, status,
                   array_remove(array_agg(kind ORDER BY kind), NULL) AS kinds
              FROM job_history
              LEFT JOIN media_object USING (job_id)
             WHERE kind IS NULL OR kind NOT IN ('provider_input', 'original')
             GROUP BY job_id, status
            """
        )
        if row["kinds"] != (["preview", "result"] if row["status"] == "done" else [])
    ]
    return faults + [
        f"a transaction is still open: {row['query'][:80]}"
        for row in await fetch(OPEN_TRANSACTIONS)
    ]


async def _file_faults(fetch: Fetch, media_root: Path) -> list[str]:
    faults = [f"{path.name} does not belong there" for path in _strangers(media_root)]
    for shelf in ("scratch", "provider"):
        faults += [f"{shelf}/{path.name} is left" for path in (media_root / shelf).iterdir()]
    kept = {
        str(row["job_id"]): row["result_sha256"]
        for row in await fetch(
            """
            SELECT job_id, result_sha256 FROM job_history JOIN media_object USING (job_id)
             WHERE kind = 'result' AND cleaned_at IS NULL
            """
        )
    }
    stored = {path.name: path for path in (media_root / "results").iterdir()}
    faults += [f"results/{name} has no row" for name in sorted(stored.keys() - kept.keys())]
    faults += [f"results/{name} is missing" for name in sorted(kept.keys() - stored.keys())]
    originals = {
        str(row["job_id"])
        for row in await fetch(
            "SELECT job_id FROM media_object WHERE kind = 'original' AND cleaned_at IS NULL"
        )
    }
    faults += [
        f"originals/{name} has no row, or no file"
        for name in originals ^ {path.name for path in (media_root / "originals").iterdir()}
    ]
    for name in sorted(stored.keys() & kept.keys()):
        files = {path.stem: path for path in stored[name].iterdir()}
        if files.keys() != {"result", "preview"}:
            faults.append(f"results/{name} holds {sorted(files)}")
        elif hashlib.sha256(files["result"].read_bytes()).hexdigest() != kept[name]:
            faults.append(f"results/{name} is not what its row says")
    return faults


def _strangers(media_root: Path) -> list[Path]:
    return [path for path in media_root.iterdir() if path.name not in SHELVES]
