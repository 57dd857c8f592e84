"""``photoboothctl check`` tells by its text and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from photobooth_daemon.cli import main


def run(database_url: str, directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "check", *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(directory / "media"),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(directory / "jwt.key"),
        },
    )


def test_the_command_tells_by_text_and_exit_status(database_url: str, tmp_path: Path) -> None:
    red = run(database_url, tmp_path)
    assert red.exit_code == 1, red.output
    assert "Пароли" in red.output
    assert "→ photoboothctl settings rotate-ingest-password" in red.output
    assert "Не готово." in red.output
    english = run(database_url, tmp_path, "--locale", "en")
    assert "Not ready." in english.output
    document = json.loads(run(database_url, tmp_path, "--json").output)
    assert document["ready"] is False
    gone = run("postgresql://127.0.0.1:9/none", tmp_path, "--locale", "en")
    assert gone.exit_code == 3
    assert "Database" in gone.output
