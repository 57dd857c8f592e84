"""``photoboothctl``: every administrative task from the command line, a file per noun."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from photobooth_daemon import __version__
from photobooth_daemon.app.installation import Installation, config_option
from photobooth_daemon.logs import printable_lines


class Listed(NamedTuple):
    """Where a command stands, and what the list of commands says of it without loading it."""

    place: str
    help: str


COMMANDS = {
    "admin": Listed("admin:admin", "Keep the administrators' accounts."),
    "alert": Listed("alert:alert", "See what is wrong, test the notifications, keep them quiet."),
    "audit": Listed("audit:audit", "Read and verify the audit log."),
    "backup": Listed("backup:backup", "Back up database and pictures, while the daemon serves."),
    "board": Listed("board:board", "Make links to the live board for screens, and take them back."),
    "check": Listed(
        "check:check",
        "Look whether everything is ready for tonight, and name the cure for what is not.",
    ),
    "cleanup": Listed("cleanup:cleanup", "Remove what has expired and what crashes left behind."),
    "config": Listed("config:config", "Look at the start-up configuration."),
    "event": Listed(
        "event:event",
        "Plan, change, look at and put away events: evenings with a name, a time and slots.",
    ),
    "fake-provider": Listed(
        "fake_provider:fake_provider",
        "Play a provider, faults included, until it is stopped; print its base URL.",
    ),
    "host": Listed("host:host", "See which hosts run, and forget one that is gone for good."),
    "intake": Listed("intake:intake", "See what comes in by FTP and from watched folders."),
    "job": Listed("job:job", "Look at the history."),
    "media": Listed("media:media", "Move the pictures to another store."),
    "migrate": Listed("migrate:migrate", "Bring the database to this program's schema."),
    "provider": Listed(
        "provider:provider",
        "See which providers there are, whether they would serve now, and enter their keys.",
    ),
    "quickstart": Listed(
        "quickstart:quickstart",
        "Run a whole booth on this machine: database, daemon, rehearsal provider, a first photo.",
    ),
    "report": Listed(
        "report:report",
        "Tell how the photos of a time went: outcomes, causes, durations, cost, the slowest.",
    ),
    "restore": Listed(
        "backup:restore",
        "Bring an installation back from BACKUP, one of the directories that backup made.",
    ),
    "rotate-signing-key": Listed(
        "rotate_signing_key:rotate_signing_key",
        "Replace the key that signs administrators' tokens; every session ends.",
    ),
    "send": Listed("send:send", "Send PHOTOS, files or folders, as DSLR Remote Pro does."),
    "settings": Listed("settings:settings", "Read and change what holds for all slots."),
    "setup-database": Listed(
        "setup_database:setup_database",
        "Make the role, the database and its tables where they are missing; safe to repeat.",
    ),
    "slot": Listed("slot:slot", "Read, set up, try and reset slots."),
    "stats": Listed("stats:stats", "Print outcomes and durations, per slot and in all."),
    "support-bundle": Listed(
        "support_bundle:support_bundle",
        "Collect versions, configuration, log and figures; secrets and faces are left out.",
    ),
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is used, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, sorted."""
        return sorted(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the commands; none of them is loaded for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so; none is loaded for it."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=COMMANDS[name].help) for name in names), *options]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        listed = COMMANDS.get(cmd_name)
        if listed is None:
            return None
        module_name, _, attribute = listed.place.partition(":")
        module = importlib.import_module(f"{__name__}.{module_name}")
        command: click.Command = getattr(module, attribute)
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
@config_option
@click.pass_context
def main(ctx: click.Context, config_path: Path | None) -> None:
    """Administer a photobooth-daemon on this machine."""
    ctx.obj = Installation(config_path)
