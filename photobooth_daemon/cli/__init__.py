"""``photoboothctl``: every administrative task from the command line, a file per noun."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from photobooth_daemon import __version__
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.logs import printable_lines

COMMANDS = {
    "admin": "photobooth_daemon.cli.admin:admin",
    "board": "photobooth_daemon.cli.board:board",
    "audit": "photobooth_daemon.cli.audit:audit",
    "event": "photobooth_daemon.cli.event:event",
    "host": "photobooth_daemon.cli.host:host",
    "intake": "photobooth_daemon.cli.intake:intake",
    "job": "photobooth_daemon.cli.job:job",
    "settings": "photobooth_daemon.cli.settings:settings",
    "slot": "photobooth_daemon.cli.slot:slot",
    "stats": "photobooth_daemon.cli.stats:stats",
    "alert": "photobooth_daemon.cli.alert:alert",
    "backup": "photobooth_daemon.cli.backup:backup",
    "restore": "photobooth_daemon.cli.backup:restore",
    "check": "photobooth_daemon.cli.check:check",
    "report": "photobooth_daemon.cli.report:report",
    "support-bundle": "photobooth_daemon.cli.support_bundle:support_bundle",
    "rotate-signing-key": "photobooth_daemon.cli.rotate_signing_key:rotate_signing_key",
    "cleanup": "photobooth_daemon.cli.cleanup:cleanup",
    "config": "photobooth_daemon.cli.config:config",
    "send": "photobooth_daemon.cli.send:send",
    "fake-provider": "photobooth_daemon.cli.fake_provider:fake_provider",
    "media": "photobooth_daemon.cli.media:media",
    "migrate": "photobooth_daemon.cli.migrate:migrate",
    "provider": "photobooth_daemon.cli.provider:provider",
    "quickstart": "photobooth_daemon.cli.quickstart:quickstart",
    "setup-database": "photobooth_daemon.cli.setup_database:setup_database",
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is used, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module_name, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module_name), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the text of whatever ends it is made safe to show, too."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = printable_lines(error.message)  # type: ignore[misc]
            raise


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="photoboothctl")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="PHOTOBOOTH_CONFIG",
    help="The start-up file [default: /etc/photobooth-daemon/photobooth.toml].",
)
@click.pass_context
def main(ctx: click.Context, config_path: Path | None) -> None:
    """Administer a photobooth-daemon on this machine."""
    ctx.obj = Installation(config_path)
