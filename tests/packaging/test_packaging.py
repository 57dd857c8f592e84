"""What is shipped around the program: units, the annotated configuration, manual pages, scripts."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.config import start_up as config
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.providers.driver import ProviderConfig

pytestmark = pytest.mark.texts
ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSURE = 1.2
LONGEST_WINDOW_SECONDS = 60
# Read from a file or a credential only, so they have a key of another name, or none.
FILE_ONLY = {"telegram_token", "smtp_url", "secret_key"}
NOT_KEYS = {"name", "api_key_source"}

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def directives(unit: Path) -> list[tuple[str, str]]:
    lines = unit.read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if re.match(r"[A-Z]\w*=", line)]
    return [(key, value) for key, _, value in pairs]


@needs_systemd
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    # A misspelt directive is only a warning with status 0: the output has to be empty.
    for program in ("photobooth-daemon", "photoboothctl", "photobooth-intake"):
        path = tmp_path / "usr/bin" / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n", "utf-8")
        path.chmod(0o755)
    copies = []
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("=/usr/bin/", f"={tmp_path}/usr/bin/")
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(text, "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *copies],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "photobooth" in line]
    assert ours == []
    assert said.returncode == 0, said.stderr


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_sandbox_is_tight(unit: Path) -> None:
    said = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            f"--threshold={MOST_EXPOSURE * 10:.0f}",
            "--no-pager",
            unit,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_directive_is_explained(unit: Path) -> None:
    """A comment stands above each directive, or above the group of lines it belongs to."""
    explained = False
    for number, line in enumerate(unit.read_text("utf-8").splitlines(), 1):
        if line.startswith("#"):
            explained = True
        elif not line or line.startswith("["):
            explained = False
        elif line.split("=")[0] not in ("Description", "Documentation", "WantedBy"):
            assert explained, f"{unit.name}:{number}: {line}"


@pytest.mark.parametrize("name", ["photobooth-cleanup.service", "photobooth-intake.service"])
def test_the_services_have_one_sandbox(name: str) -> None:
    service, other = (
        _sandbox(ROOT / "systemd" / unit) for unit in ("photobooth-daemon.service", name)
    )
    assert service == other


def _sandbox(unit: Path) -> set[tuple[str, str]]:
    """Return what a unit says from the first of the sandbox's lines on."""
    found = directives(unit)
    begin = found.index(("NoNewPrivileges", "yes"))
    return {pair for pair in found[begin:] if pair[0] not in ("WantedBy", "Also")}


def test_a_stop_waits_longer_than_the_longest_window() -> None:
    values = dict(directives(ROOT / "systemd/photobooth-daemon.service"))
    assert int(values["TimeoutStopSec"]) > LONGEST_WINDOW_SECONDS
    assert values["KillMode"] == "mixed"
    assert int(values["WatchdogSec"]) < LONGEST_WINDOW_SECONDS


def test_the_timer_runs_the_cleanup_every_quarter_of_an_hour() -> None:
    timer = configparser.ConfigParser(interpolation=None)
    timer.read(ROOT / "systemd/photobooth-cleanup.timer", "utf-8")
    assert timer["Timer"]["OnCalendar"] == "*:0/15"
    assert timer["Timer"]["Persistent"] == "yes"


def test_the_shipped_configuration_changes_nothing(tmp_path: Path) -> None:
    shipped = config.load(ROOT / "etc/photobooth.toml", {})
    assert replace(shipped, path=config.DEFAULT_CONFIG_PATH) == with_gemini(config.load(None, {}))


def with_gemini(defaults: config.Config) -> config.Config:
    values = {field.name: getattr(defaults, field.name) for field in fields(defaults)}
    return config.Config(**{**values, "providers": {"gemini": ProviderConfig("gemini")}})


def test_every_key_stands_in_the_shipped_configuration_and_the_manual() -> None:
    shipped = tomllib.loads(uncommented())
    manual = (ROOT / "docs/man/photobooth.toml.5").read_text("utf-8").replace("\\-", "-")
    for section, kind in (
        ("server", config.ServerConfig),
        ("database", config.DatabaseConfig),
        ("media", config.MediaConfig),
        ("alerts", config.AlertsConfig),
        ("logging", config.LoggingConfig),
    ):
        assert set(shipped[section]) == keys_of(kind), section
    assert set(shipped["providers"]["gemini"]) == keys_of(ProviderConfig)
    assert set(shipped["media"]["s3"]) == {*keys_of(S3Config), "access_key_file"}
    for section in ("server", "database", "media", "alerts", "logging"):
        for key in shipped[section]:
            assert re.search(rf"\b{key}\b", manual), f"{section}.{key} is not in the manual"
    for key in shipped["media"]["s3"]:
        assert re.search(rf"\b{key}\b", manual), f"media.s3.{key} is not in the manual"


def keys_of(kind: Any) -> set[str]:
    """Return the keys that a section reads: a secret has its own and one for its file."""
    keys = set()
    for field in fields(kind):
        if field.name in NOT_KEYS:
            continue
        if field.name in FILE_ONLY:
            keys.add(f"{field.name}_file")
        else:
            keys.add(field.name)
        if field.name in ("api_key", "url"):
            keys.add(f"{field.name}_file")
    return keys


def test_the_defaults_in_the_shipped_configuration_are_the_programs() -> None:
    text = uncommented()
    text = re.sub(r"(?m)^(tls_|api_key|public_url|trusted|accel|proxy|.*_file).*\n", "", text)
    shipped = tomllib.loads(text)
    defaults = config.Config()
    assert shipped["server"]["listen"] == (
        f"{defaults.server.listen.host}:{defaults.server.listen.port}"
    )
    assert shipped["server"]["processes"] == defaults.server.processes
    assert shipped["server"]["drain_notice_seconds"] == defaults.server.drain_notice_seconds
    assert shipped["server"]["store_reserve_seconds"] == defaults.server.store_reserve_seconds
    assert shipped["database"]["url"] == defaults.database.url
    assert shipped["database"]["pool_size"] == defaults.database.pool_size
    assert shipped["media"]["root"] == str(defaults.media.root)
    assert shipped["logging"] == {"level": "info", "format": "json"}


def uncommented() -> str:
    text = (ROOT / "etc/photobooth.toml").read_text("utf-8")
    return re.sub(r"(?m)^#(?=[a-z_]+ = )", "", text)


def test_what_the_program_reads_at_run_time_is_installed_with_it() -> None:
    assert files("photobooth_daemon.sql").joinpath("0001_initial.sql").is_file()
    assert files("photobooth_daemon.etc").joinpath("photobooth.toml").is_file()
    schemas = {file.name for file in files("photobooth_daemon.schemas").iterdir()}
    assert "local.json" in schemas


def test_credentials_have_the_names_that_the_manual_gives(tmp_path: Path) -> None:
    manual = (ROOT / "docs/man/photobooth.toml.5").read_text("utf-8")
    for name in ("database_url", "telegram_token", "smtp_url", "s3_access_key", "s3_secret_key"):
        assert name in manual
    # systemd puts the name of a directory's credential before the file's own.
    (tmp_path / "photobooth_gemini_api_key").write_text("from root\n", "utf-8")
    (tmp_path / "photobooth_database_url").write_text("postgresql://x@y/z\n", "utf-8")
    loaded = config.load(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert loaded.providers["gemini"].api_key == "from root"
    assert loaded.providers["gemini"].api_key_source == "credential"
    assert loaded.database.url == "postgresql://x@y/z"
    (tmp_path / "photobooth_gemini_api_key").rename(tmp_path / "gemini_api_key")
    loaded = config.load(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert loaded.providers["gemini"].api_key == "from root"


def test_the_package_needs_what_the_program_needs() -> None:
    """Each minimum of setup.py is one of debian/control, and Debian's name is known."""
    debian_names = {
        "tornado": "tornado",
        "asyncpg": "asyncpg",
        "PyJWT": "jwt",
        "cachetools": "cachetools",
        "pyOpenSSL": "openssl",
        "pyftpdlib": "pyftpdlib",
        "watchdog": "watchdog",
        "bcrypt": "bcrypt",
        "jsonschema": "jsonschema",
        "aiohttp": "aiohttp",
        "prometheus-client": "prometheus-client",
        "click": "click",
        "cryptography": "cryptography",
        "Pillow": "pil",
        "Werkzeug": "werkzeug",
        "segno": "segno",
    }
    required = re.search(
        r"install_requires=\[(.*?)\]", (ROOT / "setup.py").read_text("utf-8"), re.S
    )
    assert required
    minimums = re.findall(r'"([\w-]+)>=([\d.]+)', required[1])
    assert {name for name, _ in minimums} == set(debian_names)
    source, package = (ROOT / "debian/control").read_text("utf-8").split("\nPackage:")
    for name, minimum in minimums:
        wanted = f" python3-{debian_names[name]} (>= {minimum}),"
        assert wanted in source, name
        assert wanted in package, name


def test_the_package_has_the_programs_version() -> None:
    from photobooth_daemon import __version__

    first = (ROOT / "debian/changelog").read_text("utf-8").splitlines()[0]
    assert f"({__version__})" in first


@pytest.mark.parametrize("page", sorted((ROOT / "docs/man").iterdir()), ids=lambda page: page.name)
@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_manual_pages_are_without_warnings(page: Path) -> None:
    said = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    assert (said.returncode, said.stderr) == (0, "")
