"""``photoboothctl slot test``: one photo through a slot, by the daemon that serves the cameras."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import click

from photobooth_daemon.app.failures import EXIT_FAILED, EXIT_UNAVAILABLE, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import read_document
from photobooth_daemon.cli.printing import print_fields, print_json
from photobooth_daemon.cli.services import services
from photobooth_daemon.config.start_up import Config

if TYPE_CHECKING:
    import aiohttp

    from photobooth_daemon.app.commands import Services

LONGEST_WINDOW_SECONDS = 60
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - addresses to connect to, not to listen on
PERMISSION = "slots:write"


@click.command(name="test")
@click.argument("slot_id")
# The caller's files are opened at once: reading the configuration gives up root.
@click.argument("photo", type=click.File("rb"))
@click.option(
    "--file",
    "config_file",
    type=click.File(encoding="utf-8"),
    help="Try this JSON document over the saved configuration; - for stdin.",
)
@click.option(
    "--output",
    type=click.File("wb", lazy=False),
    help="Write the picture here.",
)
@click.option(
    "--server",
    metavar="URL",
    help="Where this machine's daemon listens [default: as configured].",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def slot_test(
    installation: Installation,
    slot_id: str,
    photo: BinaryIO,
    config_file: TextIO | None,
    output: BinaryIO | None,
    server: str | None,
    as_json: bool,
) -> None:
    """Send a photo through a slot as a trial, switched on or not.

    It needs the running daemon. The result is kept as a camera's would be, and
    counted as a test.
    """
    import aiohttp

    trial = None if config_file is None else json.dumps(read_document(config_file))
    picture = photo.read()
    if server is not None and not server.startswith(("http://", "https://")):
        raise click.UsageError("--server is a URL such as http://127.0.0.1:8080.")
    base_url = (server or local_url(installation.config)).rstrip("/")
    async with services(installation) as here:
        token = await _token(here)
    patience = aiohttp.ClientTimeout(total=LONGEST_WINDOW_SECONDS + 15, sock_connect=5)
    form = aiohttp.FormData()
    if trial is not None:
        form.add_field("config", trial)
    form.add_field("file", picture, filename=Path(photo.name).name)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with aiohttp.ClientSession(base_url, headers=headers, timeout=patience) as http:
            answer = await _post(http, f"/api/slots/{slot_id}/test", form)
            if output is not None:
                output.write(await _get(http, answer["result_url"]))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _Unavailable(
            f"The daemon does not answer at {base_url} ({type(error).__name__}): a trial needs it"
            " running (systemctl start photobooth-daemon); on another port, say --server."
        ) from error
    (print_json if as_json else print_fields)(answer)


def local_url(config: Config) -> str:
    """Return where the daemon of this machine listens."""
    scheme = "https" if config.server.tls_cert_file else "http"
    listen = config.server.listen
    host = "127.0.0.1" if listen.host in ANYWHERE else listen.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listen.port}"


class _Unavailable(click.ClickException):
    exit_code = EXIT_UNAVAILABLE


class _Refused(click.ClickException):
    exit_code = EXIT_FAILED


async def _token(here: Services) -> str:
    """Return a token of an administrator who may try slots: whoever holds the key may make one."""
    for admin in await here.administration.admins.list_all():
        if PERMISSION in admin.permissions:
            issued = here.administration.tokens.issue(
                admin.username, admin.permissions, admin.token_version
            )
            return issued.token
    raise _Refused(f"No administrator has the permission {PERMISSION}.")


async def _post(http: aiohttp.ClientSession, path: str, form: aiohttp.FormData) -> dict[str, Any]:
    async with http.post(path, data=form, ssl=_own_certificate()) as reply:
        answer: dict[str, Any] = await reply.json(content_type=None)
        if reply.status != 200:
            raise _Refused(_words(answer))
        return answer


async def _get(http: aiohttp.ClientSession, path: str | None) -> bytes:
    if path is None:
        raise _Refused("There is no picture: the slot answered with the untouched photo.")
    async with http.get(path, ssl=_own_certificate()) as reply:
        reply.raise_for_status()
        return await reply.read()


def _own_certificate() -> ssl.SSLContext:
    """Trust whatever this machine's own port shows: its name need not be the certificate's."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _words(problem: dict[str, Any]) -> str:
    faults = [f"{fault['pointer']}: {fault['message']}" for fault in problem.get("errors", [])]
    code = problem.get("provider_code") or problem.get("code")
    return "\n  ".join([f"{problem.get('detail')} ({code})", *faults])
