"""``photoboothctl config``: look at the start-up configuration."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from photobooth_daemon.app.failures import Failure
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.app.media import check_media_store
from photobooth_daemon.cli.printing import print_json, say
from photobooth_daemon.config.urls import shown_url
from photobooth_daemon.errors import ConfigError

SECRET = "(set)"  # noqa: S105 - what is shown in a secret's place


@click.group()
def config() -> None:
    """Look at the start-up configuration."""


@config.command()
@click.pass_obj
def check(installation: Installation) -> None:
    """Name every fault of the configuration with its key path."""
    try:
        check_media_store(installation.config.media)
    except ConfigError as error:
        raise Failure(error) from error
    say("The configuration is good.")


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(installation: Installation, as_json: bool) -> None:
    """Print the configuration in force, secrets left out."""
    sections = shown(installation.config)
    # Where it was read is no key of it.
    del sections["path"]
    if as_json:
        print_json(sections)
        return
    for section, values in sections.items():
        say(f"[{section}]")
        for key, value in values.items():
            say(f"{key} = {json.dumps(value)}")
        say()


def shown(value: Any) -> Any:
    """Return a configuration as JSON values, its secrets left out."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: shown(getattr(value, field.name))
            if field.repr
            else _shown_secret(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {key: shown(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [shown(inner) for inner in value]
    if isinstance(value, str) and "://" in value:
        return shown_url(value)
    return str(value) if isinstance(value, Path) else value


def _shown_secret(value: str | None) -> str | None:
    """Show of a URL with credentials where it points, of any other secret only that it is set."""
    if value is None:
        return None
    parts = urlsplit(value)
    if not parts.scheme:
        return SECRET
    # A database's path is its name; a webhook's may be a token.
    path = parts.path if parts.scheme.startswith("postgres") else ""
    return f"{parts.scheme}://{parts.hostname or ''}{path}"
