"""The rules, the dashboard and the runbooks name what exists, and the rules do what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from photobooth_daemon.clock import Clock
from photobooth_daemon.intake.status import IntakeStatus
from photobooth_daemon.metrics.series import Metrics
from tests.support.daemons import Daemon, until
from tests.support.sample_pictures import jpeg

ROOT = Path(__file__).parents[2]
RULES = ROOT / "etc/prometheus/photobooth.rules.yml"
DASHBOARD = ROOT / "etc/grafana/photobooth.json"
RUNBOOKS = ROOT / "docs/runbooks"
RULE_TESTS = [ROOT / "tests/prometheus" / f"{name}.test.yml" for name in ("photobooth", "days")]
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def intake_series() -> CollectorRegistry:
    return IntakeStatus(("slot-001",), Clock(), stuck_seconds=300).registry


def promtool(*arguments: str | Path, stdin: bytes | None = None) -> None:
    assert PROMTOOL is not None
    ran = subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True)
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()


def expressions(dashboard: Any) -> Iterator[str]:
    if isinstance(dashboard, dict):
        for key, value in dashboard.items():
            if key in ("expr", "query") and isinstance(value, str) and value != "prometheus":
                yield value
            else:
                yield from expressions(value)
    elif isinstance(dashboard, list):
        for item in dashboard:
            yield from expressions(item)


def rule_lines(kind: str) -> list[str]:
    return re.findall(rf"^      - {kind}: (\S+)$", RULES.read_text("utf-8"), re.M)


def unknown_series(text: str, metrics: Metrics) -> set[str]:
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family.type
        for source in (*metrics._sources(), intake_series())
        for family in source.collect()
    }
    known = set(families)
    known |= {
        name + suffix
        for name, kind in families.items()
        if kind == "histogram"
        for suffix in ("_bucket", "_sum", "_count")
    }
    named = set(re.findall(r"(?<![\w:])photobooth_\w+(?![\w:])", text))
    recorded = set(re.findall(r"\w+:photobooth_\w+:\w+", text))
    return (named - known) | (recorded - set(rule_lines("record")))


def test_every_series_that_the_rules_name_exists(metrics: Metrics) -> None:
    assert unknown_series(RULES.read_text("utf-8"), metrics) == set()


def test_every_series_that_the_dashboard_names_exists(metrics: Metrics) -> None:
    text = "\n".join(expressions(json.loads(DASHBOARD.read_text("utf-8"))))
    assert text.count("photobooth_") > 30
    assert unknown_series(text, metrics) == set()


def test_every_label_that_is_selected_exists(metrics: Metrics) -> None:
    labels = metrics.labels() | {"job", "instance", "le", "alertname", "alertstate"}
    rules = RULES.read_text("utf-8")
    dashboard = "\n".join(expressions(json.loads(DASHBOARD.read_text("utf-8"))))
    for text in (rules, dashboard):
        selected = set(re.findall(r"[{,](\w+)(?:=|=~|!=|!~)[\"$]", text))
        selected |= {
            name.strip()
            for group in re.findall(r"\b(?:by|on|without) ?\(([\w, ]+)\)", text)
            for name in group.split(",")
        }
        assert selected - labels == set()


def test_the_panels_do_not_overlap() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids))


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    alerts = rule_lines("alert")
    pages = {page.stem for page in RUNBOOKS.glob("Photobooth*.md")}
    assert pages == set(alerts)
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    text = RULES.read_text("utf-8")
    for alert in alerts:
        assert f"({alert}.md)" in index
        assert f"runbook: {alert}.md" in text
        page = (RUNBOOKS / f"{alert}.md").read_text("utf-8")
        for link in re.findall(r"\((\w+\.md)\)", page):
            assert (RUNBOOKS / link).is_file(), link


def test_each_alert_is_raised_and_cleared_by_a_rule_test() -> None:
    text = "\n".join(path.read_text("utf-8") for path in RULE_TESTS)
    for alert in rule_lines("alert"):
        expected = re.findall(rf"alertname: {alert}\n\s+exp_alerts:(.*)\n", text)
        assert " []" in expected, f"{alert} is never seen clear"
        assert "" in expected, f"{alert} is never seen firing"


@needs_promtool
def test_promtool_accepts_the_rules_and_their_tests() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", ROOT / "etc/prometheus/prometheus.yml")
    for path in RULE_TESTS:
        promtool("test", "rules", path)


@needs_promtool
@pytest.mark.parametrize("processes", [1, 2])
def test_promtool_accepts_a_scrape_of_a_daemon_at_work(
    tmp_path: Path, database_url: str, processes: int
) -> None:
    daemon = Daemon(tmp_path, database_url, f"[server]\nprocesses = {processes}\n")
    daemon.configure()
    daemon.start()
    try:
        daemon.wait_until_ready()
        assert daemon.send(jpeg())[0] == 200
        assert daemon.send(b"no picture")[0] == 415
        assert daemon.send(jpeg(), password="wrong")[0] == 401

        def counted() -> bytes | None:
            scrape = daemon.get("/metrics")[1]
            done = rb'(?m)^photobooth_ingest_total\{[^}]*outcome="done"[^}]*\} 1\.0$'
            return scrape if re.search(done, scrape) else None

        promtool("check", "metrics", stdin=until(counted))
    finally:
        daemon.close()
