"""What the test run can be told besides pytest's own options."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=("any", "installed", "wheel"),
        default="any",
        help="which PostgreSQL the tests run on: an installed one, the wheel's, or what is there",
    )
    parser.addoption(
        "--kill-photos",
        type=int,
        default=30,
        help="how many photos come while the intake and the daemon are killed again and again",
    )
    parser.addoption(
        "--load-seconds",
        type=float,
        default=3.0,
        help="how long thirty cameras send at once",
    )
    parser.addoption(
        "--hostile",
        action="store_true",
        help="let a stranger do his worst; alone, for it measures how long photos take",
    )
    parser.addoption(
        "--attack-seconds",
        type=float,
        default=5.0,
        help="how long each of a stranger's attacks lasts",
    )
    parser.addoption(
        "--languages",
        choices=("both", "half", "other"),
        default="both",
        help="flows of the UI: in both, each in one (and all other tests), or what that leaves out",
    )
    parser.addoption("--screenshots", metavar="DIR", help="write the UI's screens into DIR")
