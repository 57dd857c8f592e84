"""No secret is found in clear in what the daemon logs, answers, audits or stores."""

from __future__ import annotations

import logging
from io import StringIO
from pathlib import Path
from typing import Any

from photobooth_daemon.logs import configure_logging
from tests.support.office import KEY, PASSWORDS, Office, Reply
from tests.support.sample_pictures import jpeg

INGEST = ("first-booth-password", "second-booth-password")
NEW_PASSWORD = "igor's next password"
TYPED_WRONG = "igor's passwrod"
LOOK = {"provider": "local", "operation": "look", "params": {}}


async def evening(office: Office) -> list[Reply]:
    """Everything an administrator and a camera do in which a secret takes part."""
    replies = [
        await office.put("/api/settings", {"ingest_password": INGEST[0]}, If_Match="*"),
        await office.put("/api/settings", {"ingest_password": INGEST[1]}, If_Match="*"),
        await office.put("/api/settings", {"ingest_password": "short"}, If_Match="*"),
        await office.put("/api/slots/slot-001", {**LOOK, "enabled": True}, If_Match="*"),
        await office.login("igor", TYPED_WRONG),
        await office.put(
            "/api/me/password",
            {"current_password": TYPED_WRONG, "new_password": NEW_PASSWORD},
            as_="igor",
        ),
        await office.put(
            "/api/me/password",
            {"current_password": PASSWORDS["igor"], "new_password": NEW_PASSWORD},
            as_="igor",
        ),
    ]
    for password in (*INGEST, TYPED_WRONG):
        replies.append(
            await office.post_form(
                "/api/ingest/slot-001", {"password": password, "file": jpeg()}, token=None
            )
        )
        replies.append(
            await office.call(
                "POST", "/api/ingest/slot-001", raw=b"", token=None, X_Ingest_Password=password
            )
        )
    for path in (
        "/api/settings", "/api/slots", "/api/slots/slot-001", "/api/providers", "/api/jobs",
        "/api/audit?limit=200", "/api/stats", "/healthz", "/metrics", "/api/slots/slot-016",
    ):  # fmt: skip
        replies.append(await office.get(path))
    return replies


async def dump(office: Office) -> str:
    """Every row of every table, as text."""
    tables = await office.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    rows: list[Any] = []
    for table in tables:
        rows += await office.fetch(f"SELECT t::text FROM {table['table_name']} AS t")
    return "\n".join(row[0] for row in rows)


async def test_no_secret_is_found_in_clear(office: Office, tmp_path: Path) -> None:
    stream = StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_logging(level="debug", style="json", secrets=[KEY], stream=stream)
    try:
        tokens = [await office.token("serg"), await office.token("igor")]
        replies = await evening(office)
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    signing_key = (tmp_path / "jwt.key").read_text().strip()
    audit_key = (tmp_path / "audit.key").read_text().strip()
    secrets = [
        *INGEST, TYPED_WRONG, NEW_PASSWORD, *PASSWORDS.values(), KEY, signing_key, audit_key,
        *tokens,
        *(token.rpartition(".")[2] for token in tokens),
    ]  # fmt: skip
    stored = await dump(office)
    answered = "\n".join(f"{reply.headers}\n{reply.body!r}" for reply in replies)
    logged = stream.getvalue()
    assert len(logged.splitlines()) > 10
    assert "settings.update" in stored
    for name, text in (("log", logged), ("answer", answered), ("database", stored)):
        found = [secret for secret in secrets if secret in text]
        assert found == [], name
    hashes = [row["h"] for row in await office.fetch("SELECT password_hash AS h FROM admin")]
    for name, text in (("log", logged), ("answer", answered)):
        assert [secret for secret in hashes if secret in text] == [], name
        assert "$2b$" not in text
