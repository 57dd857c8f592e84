"""Closed by default: who may call what, route by route."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import asyncpg
import jwt
import pytest
from tornado.web import RequestHandler

from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.web.handler import METHODS, Handler
from photobooth_daemon.web.metrics import PERMISSION as METRICS_PERMISSION
from photobooth_daemon.web.routing import route
from tests.support.fakes import eventually
from tests.support.office import Office

GALLERY = "A" * 22
ID = "8f14e45f-ceea-467f-ab6e-0123456789ab"
PUBLIC = None
ANY = "any"

CONTRACT = {
    ("POST", "/api/ingest/slot-001"): PUBLIC,
    ("GET", f"/public/results/{ID}"): PUBLIC,
    ("GET", f"/public/results/{ID}/preview"): PUBLIC,
    ("GET", f"/public/results/{ID}/qr.svg"): PUBLIC,
    ("GET", f"/r/{ID}"): PUBLIC,
    ("POST", f"/r/{ID}/delete"): PUBLIC,
    ("GET", f"/r/{ID}/logo"): PUBLIC,
    ("GET", f"/g/{GALLERY}"): PUBLIC,
    ("POST", f"/g/{GALLERY}/pin"): PUBLIC,
    ("GET", f"/g/{GALLERY}/show"): PUBLIC,
    ("GET", f"/g/{GALLERY}/pictures"): PUBLIC,
    ("GET", f"/g/{GALLERY}/live"): PUBLIC,
    ("GET", f"/g/{GALLERY}/archive.zip"): PUBLIC,
    ("GET", f"/g/{GALLERY}/qr.svg"): PUBLIC,
    ("GET", f"/g/{GALLERY}/logo"): PUBLIC,
    ("GET", f"/public/media/{ID}"): PUBLIC,
    ("POST", "/api/login"): PUBLIC,
    ("POST", "/api/logout"): ANY,
    ("GET", "/api/me"): ANY,
    ("PUT", "/api/me/password"): ANY,
    ("GET", "/api/admins"): ANY,
    ("POST", "/api/admins"): "admins:write",
    ("PUT", "/api/admins/igor"): "admins:write",
    ("POST", "/api/admins/igor/reset-password"): "admins:write",
    ("GET", "/api/settings"): "settings:read",
    ("PUT", "/api/settings"): "settings:write",
    ("GET", "/api/providers"): "slots:read",
    ("PUT", "/api/providers/gemini/key"): "providers:write",
    ("DELETE", "/api/providers/gemini/key"): "providers:write",
    ("POST", "/api/providers/gemini/check"): "slots:write",
    ("GET", "/api/providers/gemini/models"): "slots:read",
    ("GET", "/api/slots"): "slots:read",
    ("GET", "/api/slots/slot-001"): "slots:read",
    ("PUT", "/api/slots/slot-001"): "slots:write",
    ("DELETE", "/api/slots/slot-001"): "slots:write",
    ("GET", "/api/slots/slot-001/revisions"): "slots:read",
    ("POST", "/api/slots/slot-001/revisions/1/restore"): "slots:write",
    ("GET", "/api/intake"): "slots:read",
    ("POST", "/api/slots/slot-001/copy"): "slots:write",
    ("POST", "/api/slots/slot-001/test"): "slots:write",
    ("GET", "/api/events"): "events:read",
    ("POST", "/api/events"): "events:write",
    ("GET", f"/api/events/{ID}"): "events:read",
    ("PUT", f"/api/events/{ID}"): "events:write",
    ("DELETE", f"/api/events/{ID}"): "events:write",
    ("GET", f"/api/events/{ID}/results"): "events:read",
    ("POST", f"/api/events/{ID}/gallery/renew"): "events:write",
    ("GET", f"/api/events/{ID}/archive.zip"): "events:read",
    ("GET", f"/api/events/{ID}/retention"): "events:read",
    ("GET", f"/api/events/{ID}/report"): "events:read",
    ("POST", f"/api/events/{ID}/purge"): "events:write",
    ("GET", f"/api/jobs/{ID}/original"): "jobs:read",
    ("POST", f"/api/jobs/{ID}/rerun"): "jobs:write",
    ("GET", f"/api/events/{ID}/rerun"): "events:read",
    ("POST", f"/api/events/{ID}/rerun"): "events:write",
    ("DELETE", f"/api/events/{ID}/rerun"): "events:write",
    ("PUT", f"/api/jobs/{ID}/visibility"): "jobs:write",
    ("DELETE", f"/api/jobs/{ID}/result"): "jobs:write",
    ("GET", "/api/addresses"): "slots:read",
    ("GET", "/api/slots/slot-001/qr.svg"): "slots:read",
    ("GET", "/api/presets"): "slots:read",
    ("POST", "/api/presets"): "slots:write",
    ("DELETE", "/api/presets/x"): "slots:write",
    ("GET", "/api/presets/x/before"): "slots:read",
    ("GET", "/api/presets/x/after"): "slots:read",
    ("DELETE", "/api/presets/x/sample"): "slots:write",
    ("GET", "/api/boards"): "slots:read",
    ("POST", "/api/boards"): "slots:write",
    ("DELETE", f"/api/boards/{ID}"): "slots:write",
    ("GET", "/board/state"): PUBLIC,
    ("GET", "/board/live"): PUBLIC,
    ("GET", "/board/x"): PUBLIC,
    ("POST", "/api/template-media/register"): "media:write",
    ("GET", "/api/template-media"): "slots:read",
    ("GET", f"/api/template-media/{ID}"): "slots:read",
    ("GET", f"/api/template-media/{ID}/content"): "slots:read",
    ("GET", f"/api/template-media/{ID}/preview"): "slots:read",
    ("DELETE", f"/api/template-media/{ID}"): "media:write",
    ("GET", "/api/jobs"): "jobs:read",
    ("GET", f"/api/jobs/{ID}"): "jobs:read",
    ("GET", "/api/stats"): "stats:read",
    ("GET", "/api/audit"): "audit:read",
    ("GET", "/api/live"): "jobs:read",
    ("GET", "/api/report"): "stats:read",
    ("GET", "/api/readiness"): "settings:read",
    ("POST", "/api/readiness"): "slots:write",
    ("GET", "/api/alerts"): "settings:read",
    ("PUT", "/api/alerts/webhook"): "settings:write",
    ("DELETE", "/api/alerts/webhook"): "settings:write",
    ("POST", "/api/alert-test"): "settings:write",
    ("GET", "/api/backup"): "settings:read",
    ("POST", "/api/backup"): "settings:write",
    ("GET", "/api/cleanup"): "settings:read",
    ("POST", "/api/cleanup"): "settings:write",
    ("DELETE", "/api/alert-maintenance"): "settings:write",
    ("POST", "/api/restart"): "settings:write",
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/livez"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,
    ("GET", "/api/openapi.json"): PUBLIC,
    ("GET", "/api/docs"): PUBLIC,
    ("GET", "/"): PUBLIC,
    ("GET", "/ui/main.js"): PUBLIC,
}
CLOSED = {route: needed for route, needed in CONTRACT.items() if needed is not PUBLIC}


def rules(office: Office) -> list[Any]:
    return [rule for rule in office.app.web.wildcard_router.rules if rule.target is not None]


def handler_of(office: Office, path: str) -> type[Handler]:
    for rule in rules(office):
        if rule.matcher.regex.match(path):
            target: type[Handler] = rule.target
            return target
    raise AssertionError(f"no route for {path}")


def own_methods(handler: type[Handler]) -> list[str]:
    unimplemented = RequestHandler._unimplemented_method
    return [m for m in METHODS if m != "HEAD" and getattr(handler, m.lower()) is not unimplemented]


async def test_the_routes_are_the_contract_s_with_their_permissions(office: Office) -> None:
    listed = set()
    for (method, path), needed in CONTRACT.items():
        handler = handler_of(office, path)
        listed.add((handler, rules_path(office, path), method))
        assert method in own_methods(handler), (method, path)
        if needed is PUBLIC:
            assert handler.public, path
        elif needed == ANY:
            assert handler.any_admin
            assert handler.needed_permission(method) is None
        else:
            assert not handler.public, path
            assert handler.needed_permission(method) == needed, path
    served = {
        (rule.target, rule.matcher.regex.pattern, method)
        for rule in rules(office)
        for method in own_methods(rule.target)
    }
    ui = re.compile(r"/(ui/.*)?\$?")
    extra = {entry for entry in served - listed if not ui.fullmatch(entry[1])}
    assert extra == set()


def rules_path(office: Office, path: str) -> str:
    return next(
        rule.matcher.regex.pattern for rule in rules(office) if rule.matcher.regex.match(path)
    )


def test_every_permission_of_the_contract_exists() -> None:
    # Figures are this machine's to read without one, so their route is not a closed one.
    assert set(CLOSED.values()) - {ANY} | {METRICS_PERMISSION} == set(PERMISSIONS)


def other_tokens(token: str, key: bytes) -> dict[str, str | None]:
    claims = jwt.decode(token, options={"verify_signature": False})
    signature = token.rpartition(".")[0]
    return {
        "none at all": None,
        "garbage": "garbage",
        "alg none": jwt.encode(claims, None, algorithm="none"),  # type: ignore[arg-type]
        "no signature": signature + ".",
        "wrong key": jwt.encode(claims, b"x" * 64, algorithm="HS256"),
        "wrong issuer": jwt.encode({**claims, "iss": "else"}, key, algorithm="HS256"),
        "wrong version": jwt.encode({**claims, "ver": 2}, key, algorithm="HS256"),
        "unknown user": jwt.encode({**claims, "sub": "nobody"}, key, algorithm="HS256"),
        "expired": jwt.encode({**claims, "exp": claims["iat"] - 1}, key, algorithm="HS256"),
    }


async def test_without_a_token_that_counts_nothing_is_done(office: Office, tmp_path: Any) -> None:
    key = (tmp_path / "jwt.key").read_bytes().strip()
    revoked = (await office.login("serg")).json()["token"]
    await office.call("POST", "/api/logout", token=revoked)
    tokens = {**other_tokens(await office.token(), key), "revoked": revoked}
    for (method, path), (name, token) in itertools.product(CLOSED, tokens.items()):
        raw = b"" if method != "GET" else None
        reply = await office.call(method, path, token=token, raw=raw)
        assert reply.status == 401, (method, path, name, reply.status, reply.body)
        assert reply.code == "unauthenticated"
        assert re.match(r"Bearer\b", reply.headers["WWW-Authenticate"])


async def test_without_the_permission_nothing_is_done(office: Office) -> None:
    for (method, path), needed in CLOSED.items():
        if needed == ANY:
            continue
        others = [name for name in PERMISSIONS if name != needed]
        await office.execute("UPDATE admin SET permissions = $1 WHERE username = 'igor'", others)
        raw = b"" if method != "GET" else None
        reply = await office.call(method, path, as_="igor", raw=raw)
        assert (reply.status, reply.code) == (403, "forbidden"), (method, path)
        assert needed in reply.json()["detail"]


async def test_methods_that_a_route_lacks(office: Office) -> None:
    for _, path in CONTRACT:
        handler = handler_of(office, path)
        allowed = own_methods(handler)
        expected = {*allowed, *(["HEAD"] if "GET" in allowed else [])}
        for method in ("PATCH", "DELETE", "PUT", "POST", "GET"):
            if method in allowed:
                continue
            raw = b"" if method != "GET" else None
            reply = await office.call(method, path, token=None, raw=raw)
            assert (reply.status, reply.code) == (405, "method_not_allowed"), (method, path)
            assert set(re.split(r",\s*", reply.headers["Allow"])) == expected, path


async def test_head_works_wherever_get_does(office: Office) -> None:
    for (method, path), _ in CONTRACT.items():
        if method != "GET" or path == "/api/live":
            continue
        got, head = await office.get(path), await office.call("HEAD", path)
        assert head.status == got.status, path
        assert head.body == b"", path
        assert head.headers["Content-Type"] == got.headers["Content-Type"], path


async def test_every_route_says_so_while_the_database_is_away(
    office: Office, database_url: str
) -> None:
    await office.token()
    name = database_url.rpartition("/")[2].partition("?")[0]
    other = await asyncpg.connect(database_url.replace(f"/{name}", "/postgres"))
    try:
        await other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        # All at once: each of them waits a second for a database that might come back.
        replies = await asyncio.gather(
            *(
                office.call(method, path, raw=b"" if method != "GET" else None)
                for method, path in CLOSED
            )
        )
        for ((_, path), needed), reply in zip(CLOSED.items(), replies, strict=True):
            assert (reply.status, reply.code) == (503, "database_unavailable"), (path, needed)
            assert int(reply.headers["Retry-After"]) > 0
        await other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    finally:
        await other.close()
    await eventually(lambda: answered(office))


async def answered(office: Office) -> bool:
    return (await office.get("/api/slots")).status == 200


async def test_an_address_that_is_none(office: Office) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/nothing", "/api/slots/slot-001/nothing"):
        reply = await office.get(path, token=None)
        assert (reply.status, reply.code) == (404, "not_found"), path


async def test_every_answer_has_a_request_id(office: Office) -> None:
    given = await office.get("/api/me", X_Request_ID="camera-7.a_b")
    assert given.headers["X-Request-ID"] == "camera-7.a_b"
    for bad in ("", "a b", "x" * 129, "йод".encode().decode("latin-1")):
        made = (await office.get("/api/me", token=None, X_Request_ID=bad)).headers["X-Request-ID"]
        assert made != bad
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", made)


def test_a_handler_that_would_work_on_a_refused_request_has_no_route() -> None:
    class Careless(Handler):
        permission = "jobs:read"

        async def get(self) -> None:
            """Answer whoever asks."""

    with pytest.raises(TypeError):
        route("/careless", Careless)
