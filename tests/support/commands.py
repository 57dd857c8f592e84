"""``photoboothctl`` as people and scripts call it, in the test's own process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from photobooth_daemon.cli import main


class Commands:
    """Runs commands on a test's own database and directory."""

    def __init__(self, database_url: str, directory: Path, **environment: str) -> None:
        self.environment = {
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(directory / "jwt.key"),
            "PHOTOBOOTH_MEDIA__ROOT": str(directory / "media"),
            "SUDO_USER": "operator",
            **environment,
        }

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        """Run a command."""
        return CliRunner().invoke(
            main, ["--config", "/dev/null", *arguments], input=stdin, env=self.environment
        )

    def good(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a command that succeeds and return what it prints."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return its document."""
        return json.loads(self.good(*arguments, "--json"))
