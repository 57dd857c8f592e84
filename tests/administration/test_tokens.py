"""A token counts if it is ours, unaltered and alive; nothing else does."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from photobooth_daemon.administration.tokens import ISSUER, LIFE_SECONDS, Tokens
from photobooth_daemon.errors import NotAuthenticated
from tests.support.fakes import FakeClock

KEY = b"k" * 32


@pytest.fixture
def tokens(clock: FakeClock) -> Tokens:
    return Tokens(KEY, clock)


def forged(tokens: Tokens, key: bytes = KEY, **changes: Any) -> str:
    claims = jwt.decode(
        tokens.issue("serg", ["slots:read"], 1).token, options={"verify_signature": False}
    )
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm="HS256")


def test_a_token_says_what_the_contract_says(tokens: Tokens, clock: FakeClock) -> None:
    issued = tokens.issue("serg", ["slots:read", "jobs:read"], 7)
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    assert jwt.get_unverified_header(issued.token)["alg"] == "HS256"
    assert claims["iss"] == ISSUER
    assert claims["sub"] == "serg"
    assert claims["perms"] == ["slots:read", "jobs:read"]
    assert claims["ver"] == 7
    assert claims["exp"] - claims["iat"] == LIFE_SECONDS == 24 * 3600
    assert claims["iat"] == int(clock.utcnow().timestamp())
    read = tokens.read(issued.token)
    assert (read.username, read.token_version, read.token_id) == ("serg", 7, claims["jti"])


def test_a_token_ends_after_24_hours_by_our_clock(tokens: Tokens, clock: FakeClock) -> None:
    token = tokens.issue("serg", [], 1).token
    clock.advance(LIFE_SECONDS - 1)
    tokens.read(token)
    clock.advance(1)
    with pytest.raises(NotAuthenticated):
        tokens.read(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody-else"},
        {"iss": None},
        {"exp": None},
        {"exp": "never"},
        {"exp": 10**30},
        {"exp": True},
        {"sub": 7},
        {"sub": None},
        {"sub": "serg\0"},
        {"sub": "\ud800"},
        {"jti": "\0"},
        {"jti": None},
        {"ver": "1"},
        {"ver": True},
        {"ver": None},
        {"perms": None},
    ],
)
def test_a_token_of_another_shape_is_refused(tokens: Tokens, changes: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.read(forged(tokens, **changes))


def test_forged_signatures_are_refused(tokens: Tokens) -> None:
    header_payload = forged(tokens).rpartition(".")[0]
    unsigned = jwt.encode({"sub": "serg"}, None, algorithm="none")  # type: ignore[arg-type]
    for token in (
        forged(tokens, key=b"x" * 32),
        header_payload + ".",
        header_payload,
        unsigned,
        "",
        ".",
        "a.b.c",
        "\u00e9.\u00e9.\u00e9",
    ):
        with pytest.raises(NotAuthenticated):
            tokens.read(token)


def test_another_algorithm_of_the_same_key_is_refused(tokens: Tokens) -> None:
    claims = jwt.decode(forged(tokens), options={"verify_signature": False})
    with pytest.raises(NotAuthenticated):
        tokens.read(jwt.encode(claims, KEY * 2, algorithm="HS512"))


def test_a_short_key_is_refused(clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"k" * 31, clock)
