"""Attacks are measured, so they run alone and only where they are asked for."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the attacks out of the suite."""
    if config.getoption("--hostile"):
        return
    attacks = [item for item in items if "hostile" in item.path.parts]
    items[:] = [item for item in items if item not in attacks]
    config.hook.pytest_deselected(items=attacks)
