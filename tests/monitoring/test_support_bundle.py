"""The support bundle tells much, and nothing that it must not."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from photobooth_daemon.cli import main
from photobooth_daemon.database.pool import Database
from tests.support.booth import Booth

API_KEY = "AIza-secret-key-of-ours-0123456789"
HOOK = "https://hooks.example.com/services/T000/B000/hook-secret"
GUEST = "guest@example.com"
IN_URLS = ("of-a-url", "of-a-query", "only-a-name")


def run(database_url: str, directory: Path, output: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "support-bundle", "--output", str(output), *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(directory / "media"),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(directory / "jwt.key"),
            "PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY": API_KEY,
            "PHOTOBOOTH_PROVIDERS__GEMINI__BASE_URL": "http://127.0.0.1:9",
            "PHOTOBOOTH_ALERTS__WEBHOOK_URL": HOOK,
            "PHOTOBOOTH_PROVIDERS__OPENAI__BASE_URL": "http://me:of-a-url@ai.lan/v1?sig=of-a-query",
            "PHOTOBOOTH_PROVIDERS__OPENAI__PROXY": "http://only-a-name@proxy.lan:3128",
        },
    )


def texts_of(path: Path) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as bundle:
        found = {}
        for entry in bundle.getmembers():
            file = bundle.extractfile(entry)
            assert file is not None
            found[entry.name.partition("/")[2]] = file.read().decode()
        return found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tmp_path / "bundle.tar.gz"


SHOW = """
    INSERT INTO daemon_process
           (process_id, host, pid, version, config_digest, started_at, seen_at)
    VALUES (gen_random_uuid(), $1, 1, '1', 'digest', now(), now())
"""


async def fill(database: Database, directory: Path) -> None:
    booth = await Booth.open(database, directory)
    booth.provider.script.always("prompt_blocked")
    await booth.post(booth.form(fields={"email": GUEST.encode()}))
    async with database.connection() as connection:
        for host in ("attic", "cellar"):
            await connection.execute(SHOW, host)
    await booth.close()


def test_it_holds_what_helps_and_no_secret(
    io_loop: object, database: Database, database_url: str, tmp_path: Path, bundle: Path
) -> None:
    io_loop.run_sync(lambda: fill(database, tmp_path))  # type: ignore[attr-defined]
    result = run(database_url, tmp_path, bundle)
    assert result.exit_code == 0, result.output
    assert bundle.stat().st_mode & 0o777 == 0o600
    texts = texts_of(bundle)
    assert {
        "versions.json",
        "config.json",
        "health.json",
        "readiness.json",
        "database/slots.json",
        "database/failed_jobs.json",
        "database/tables.json",
        "system/disks.txt",
    } <= set(texts)
    (failed,) = json.loads(texts["database/failed_jobs.json"])
    assert failed["provider_code"] == "refused"
    hosts = [host["host"] for host in json.loads(texts["readiness.json"])["hosts"]]
    assert hosts == ["attic", "cellar"]
    assert {row["host"] for row in json.loads(texts["database/processes.json"])} == set(hosts)
    assert "tornado" in json.loads(texts["versions.json"])
    everything = "\n".join(texts.values())
    key = (tmp_path / "jwt.key").read_text("ascii").strip()
    for secret in (API_KEY, "hook-secret", GUEST, key, "$2b$", *IN_URLS):
        assert secret not in everything, secret


def test_it_works_without_a_database_and_overwrites_nothing(tmp_path: Path, bundle: Path) -> None:
    assert run("postgresql://127.0.0.1:9/none", tmp_path, bundle).exit_code == 0
    assert "database_unavailable" in texts_of(bundle)["database.txt"]
    again = run("postgresql://127.0.0.1:9/none", tmp_path, bundle)
    assert again.exit_code == 1
    assert "File exists" in again.output


def test_it_goes_where_only_the_caller_may_write(tmp_path: Path, callers_directory: Path) -> None:
    result = run("postgresql://127.0.0.1:9/none", tmp_path, callers_directory / "bundle.tar.gz")
    assert result.exit_code == 0, result.output
    assert "config.json" in texts_of(tmp_path / "out-of-reach" / "bundle.tar.gz")
