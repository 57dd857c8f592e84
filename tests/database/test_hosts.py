"""The hosts of a database's URL, in libpq's two forms."""

from __future__ import annotations

import pytest

from photobooth_daemon.config.database_hosts import for_tools, hosts_of


@pytest.mark.parametrize(
    ("url", "names", "urls"),
    [
        (
            "postgresql:///photobooth?host=/var/run/postgresql",
            ["/var/run/postgresql"],
            ["postgresql:///photobooth?host=%2Fvar%2Frun%2Fpostgresql"],
        ),
        ("postgresql:///photobooth", ["the local server"], ["postgresql:///photobooth"]),
        (
            "postgresql://me:s%40c@a:5432,b/db?sslmode=require&target_session_attrs=primary",
            ["a:5432", "b:5432"],
            [
                "postgresql://me:s%40c@a:5432/db?sslmode=require",
                "postgresql://me:s%40c@b:5432/db?sslmode=require",
            ],
        ),
        (
            "postgres://[::1]:5433,[::2]/db",
            ["[::1]:5433", "[::2]:5432"],
            ["postgres://[::1]:5433/db", "postgres://[::2]:5432/db"],
        ),
        (
            "postgresql:///db?host=a,/run/b&port=5433,5434",
            ["a:5433", "/run/b:5434"],
            [
                "postgresql:///db?host=a&port=5433",
                "postgresql:///db?host=%2Frun%2Fb&port=5434",
            ],
        ),
        (
            "postgresql:///db?host=a,b&port=6000",
            ["a:6000", "b:6000"],
            ["postgresql:///db?host=a&port=6000", "postgresql:///db?host=b&port=6000"],
        ),
    ],
)
def test_each_host_has_a_url_of_its_own(url: str, names: list[str], urls: list[str]) -> None:
    hosts = hosts_of(url)
    assert [host.name for host in hosts] == names
    assert [host.url for host in hosts] == urls


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("postgresql:///db?host=a,b&port=1,2,3", "another number of ports"),
        ("postgresql://a:1,b:x/db", "not a number"),
        ("postgresql://a:1,b:65536/db", "not a number"),
        ("postgresql://a,,b/db", "no host"),
    ],
)
def test_what_is_no_list_of_hosts(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        hosts_of(url)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(hosts_of("postgresql://me:secret@a,b/db"))


def test_postgresqls_own_programs_look_for_the_primary() -> None:
    assert for_tools("postgresql://a/db") == "postgresql://a/db"
    assert (
        for_tools("postgresql://me@a:1,b:2/db")
        == "postgresql://me@a:1,b:2/db?connect_timeout=3&target_session_attrs=read-write"
    )
