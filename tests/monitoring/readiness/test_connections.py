"""It is told where passwords go in clear and whose word about addresses is not taken."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from photobooth_daemon.config.start_up import ListenAddress
from photobooth_daemon.database.pool import Database
from photobooth_daemon.monitoring.readiness import texts
from photobooth_daemon.monitoring.readiness.model import State
from tests.support.certificates import Authority
from tests.support.office import PASSWORDS, Office
from tests.support.readiness import Evening


async def test_it_says_that_passwords_go_in_clear(evening: Evening) -> None:
    for host, server, clear in (
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {}, True),
        ("10.0.0.5", {}, True),
        ("booth.lan", {}, True),
        ("0.0.0.0", {"public_url": "https://127.0.0.1:9"}, False),
        ("0.0.0.0", {"public_url": "http://127.0.0.1:9"}, True),
        ("0.0.0.0", {"tls_cert_file": Path("/c"), "tls_key_file": Path("/k")}, False),
    ):
        unset = {"public_url": None, "tls_cert_file": None, "tls_key_file": None}
        evening.configure("server", listen=ListenAddress(host, 8080), **{**unset, **server})
        report = await evening.check()
        codes = {finding.code for finding in report.findings if finding.check == "connections"}
        assert codes == {"plain_http" if clear else "connections_ok"}, (host, server)


async def test_it_says_which_certificate_ends(evening: Evening, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for days, told in ((15, None), (13, State.WARNING), (0.5, State.FAULT), (-1, State.FAULT)):
        file = authority.certify("booth.lan", lasts=timedelta(days=days))
        evening.configure("server", tls_cert_file=file, tls_key_file=file, host_name="one")
        report = await evening.check()
        found = {f.subject: f.state for f in report.findings if f.code == "certificate_ending"}
        assert found == ({} if told is None else {"one": told}), days


async def connections(office: Office) -> set[tuple[str, str]]:
    await office.app.operations.show_presence()
    report = await office.app.readiness.check(live=False)
    assert all(texts.found_text(finding, "ru") for finding in report.findings)
    return {
        (finding.code, finding.facts.get("address", ""))
        for finding in report.findings
        if finding.check == "connections"
    }


async def test_it_tells_what_was_noticed_while_serving(database: Database, tmp_path: Path) -> None:
    for trusted, headers, expected in (
        ((), {}, ("connections_ok", "")),
        ((), {"X-Forwarded-For": "192.0.2.1"}, ("proxy_untrusted", "127.0.0.1")),
        (("127.0.0.1",), {"X-Forwarded-For": "192.0.2.1"}, ("plain_password", "192.0.2.1")),
        (
            ("127.0.0.1",),
            {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"},
            ("connections_ok", ""),
        ),
    ):
        own = await Database.open(database.url, max_size=3)
        office = await Office.open(own, tmp_path, trusted_proxies=trusted)
        body = json.dumps({"username": "serg", "password": PASSWORDS["serg"]}).encode()
        kind = {"Content-Type": "application/json", **headers}
        assert (await office.send("POST", "/api/login", body, kind)).status == 200
        assert await connections(office) == {expected}
        await office.execute("DELETE FROM daemon_process")
        await office.close()
