"""Cases of one test on the same daemon, one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any

Test = Callable[..., Awaitable[None]]


def in_turn(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Run an async test's body for every case, and name the one that fails.

    Stands where ``parametrize`` would, for cases that leave nothing behind: the daemon, its
    database and its port cost more than most of them.
    """
    given = (names,) if isinstance(names, str) else names
    values = [(case,) if isinstance(names, str) else tuple(case) for case in cases]
    assert values, "a test without cases checks nothing"

    def spread(test: Test) -> Test:
        @wraps(test)
        async def every_case(**fixtures: Any) -> None:
            for case in values:
                try:
                    await test(**fixtures, **dict(zip(given, case, strict=True)))
                except BaseException as error:
                    error.add_note(f"in turn: {dict(zip(given, case, strict=True))!r:.300}")
                    raise

        signature = inspect.signature(test)
        assert set(given) <= signature.parameters.keys(), given
        left = [one for name, one in signature.parameters.items() if name not in given]
        every_case.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return every_case

    return spread
