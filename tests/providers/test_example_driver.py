"""The example package of ``docs/`` installs, is found, and passes its own tests."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-driver"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package installed in it, by pip and without the network."""
    if not EXAMPLE.is_dir():
        pytest.skip("docs/ is not here: these tests run from a built package")
    for tool in ("pip", "setuptools", "wheel" if _needs_wheel() else "setuptools"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: the package cannot be built here")
    folder = tmp_path_factory.mktemp("example")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(folder / "site"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment["PHOTOBOOTH_PROVIDERS__DREAM__API_KEY"] = "dream-key"
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def test_it_is_found_once_it_is_installed(site: Path) -> None:
    command = ["-m", "photobooth_daemon.cli", "--config", "/dev/null", "provider", "list", "--json"]
    listed = run(site, *command)
    assert listed.returncode == 0, listed.stderr
    items = {item["provider"]: item for item in json.loads(listed.stdout)["items"]}
    assert items["dream"]["configured"] is True
    assert items["dream"]["operations"] == ["dream"]


def test_its_own_tests_pass(site: Path) -> None:
    folder = EXAMPLE / "tests"
    done = run(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def _needs_wheel() -> bool:
    """Return whether this setuptools cannot build a wheel by itself."""
    import setuptools

    return int(setuptools.__version__.split(".")[0]) < 71
