"""Calls as the UI makes them: with the cookies of a login and no Authorization."""

from __future__ import annotations

from tests.support.office import Office, Reply

DAY_SECONDS = 24 * 3600


async def cookie_call(
    office: Office, login: Reply, method: str, path: str, **headers: str
) -> Reply:
    """Make a call as the UI does: with the cookies of a login and no Authorization."""
    jar = "; ".join(text.partition(";")[0] for text in login.cookies().values())
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await office.send(method, path, None, {"Cookie": jar, **given})


def cookie_value(login: Reply, name: str) -> str:
    return login.cookies()[name].partition("=")[2].partition(";")[0]
