"""``photoboothctl slot``: read, set up, reset, and tried by the running daemon."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.commands import Commands
from tests.support.office import Office
from tests.support.sample_pictures import jpeg

EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_NOT_FOUND, EXIT_CONFLICT = 2, 3, 4, 5


def test_slot_list_show_and_set(commands: Commands) -> None:
    assert len(commands.good("slot", "list").splitlines()) == 16
    commands.good(
        "slot", "set", "slot-001", "provider=local", "operation=look", "params.look=noir",
        "enabled=true", "display_name=Зал 1",
    )  # fmt: skip
    slot = commands.json("slot", "show", "slot-001")
    assert (slot["enabled"], slot["params"], slot["version"]) == (True, {"look": "noir"}, 2)
    commands.good("slot", "set", "slot-001", "params.intensity=50", "output.quality=80")
    slot = commands.json("slot", "show", "slot-001")
    assert slot["params"] == {"look": "noir", "intensity": 50}
    assert slot["output"]["quality"] == 80
    listed = commands.json("slot", "list")
    assert (listed[0]["enabled"], listed[0]["counts"]["done"]) == (True, 0)


def test_slot_set_from_a_document(commands: Commands, tmp_path: Path) -> None:
    shown = commands.json("slot", "show", "slot-002")
    document = tmp_path / "slot.json"
    document.write_text(json.dumps({**shown, "display_name": "Зал 2"}), "utf-8")
    assert "version 2" in commands.good("slot", "set", "slot-002", "--file", str(document))
    assert "version 2" in commands.good("slot", "set", "slot-002", "--file", str(document))
    piped = commands.run("slot", "set", "slot-002", "--file", "-", stdin="[]")
    assert piped.exit_code == EXIT_USAGE


def test_slot_set_another_operation_drops_the_old_params(commands: Commands) -> None:
    commands.good("slot", "set", "slot-001", "provider=local", "operation=look", "params.look=bw")
    commands.good("slot", "set", "slot-001", "operation=frame")
    assert commands.json("slot", "show", "slot-001")["params"] == {}


def test_slot_set_refuses(commands: Commands) -> None:
    wrong = commands.run("slot", "set", "slot-001", "enabled=true", "on_failure=panic")
    assert wrong.exit_code == EXIT_USAGE
    assert {"/provider", "/operation", "/on_failure"} <= {
        word.strip(":") for word in wrong.output.split()
    }
    assert commands.run("slot", "set", "slot-016", "enabled=false").exit_code == EXIT_NOT_FOUND
    assert commands.run("slot", "set", "slot-001").exit_code == EXIT_USAGE
    assert commands.run("slot", "set", "slot-001", "enabled").exit_code == EXIT_USAGE
    stale = commands.run("slot", "set", "slot-001", "display_name=x", "--version", "7")
    assert stale.exit_code == EXIT_CONFLICT


def test_slot_reset_and_restore(commands: Commands) -> None:
    commands.good("slot", "set", "slot-001", "display_name=Зал")
    assert commands.run("slot", "reset", "slot-001", stdin="n\n").exit_code != 0
    commands.good("slot", "reset", "slot-001", "--yes")
    assert commands.json("slot", "show", "slot-001")["display_name"] == "Slot 1"
    commands.good("slot", "restore", "slot-001", "2")
    slot = commands.json("slot", "show", "slot-001")
    assert (slot["display_name"], slot["version"]) == ("Зал", 4)
    assert commands.run("slot", "restore", "slot-001", "99").exit_code == EXIT_NOT_FOUND


def test_slot_test_says_that_it_needs_the_daemon(commands: Commands, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"x")
    commands.environment["PHOTOBOOTH_SERVER__LISTEN"] = "127.0.0.1:9"
    result = commands.run("slot", "test", "slot-001", str(photo))
    assert result.exit_code == EXIT_UNAVAILABLE
    assert "127.0.0.1:9" in result.output
    assert "running" in result.output


async def test_slot_test_by_the_running_daemon(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    listen = f"127.0.0.1:{office.port}"
    commands = Commands(database_url, tmp_path, PHOTOBOOTH_SERVER__LISTEN=listen)
    photo, trial, picture = tmp_path / "in.jpg", tmp_path / "trial.json", tmp_path / "out.png"
    photo.write_bytes(jpeg())
    look = {"provider": "local", "operation": "look", "output": {"format": "png"}}
    trial.write_text(json.dumps(look), "utf-8")
    arguments = ("slot", "test", "slot-001", str(photo))
    unconfigured = await asyncio.to_thread(commands.run, *arguments)
    assert unconfigured.exit_code == 1
    assert "/provider" in unconfigured.output
    answer = await asyncio.to_thread(
        commands.json, *arguments, "--file", str(trial), "--output", str(picture)
    )
    assert (answer["status"], answer["content_type"]) == ("done", "image/png")
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_slot_test_by_a_daemon_on_another_port(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    commands = Commands(database_url, tmp_path, PHOTOBOOTH_SERVER__LISTEN="127.0.0.1:9")
    (tmp_path / "in.jpg").write_bytes(jpeg())
    (tmp_path / "trial.json").write_text('{"provider": "local", "operation": "look"}', "utf-8")
    arguments = ("slot", "test", "slot-001", str(tmp_path / "in.jpg"))
    options = ("--file", str(tmp_path / "trial.json"), "--server")
    for server in (f"http://127.0.0.1:{office.port}", f"http://127.0.0.1:{office.port}/"):
        answer = await asyncio.to_thread(commands.json, *arguments, *options, server)
        assert answer["status"] == "done"
    odd = await asyncio.to_thread(commands.run, *arguments, *options, "booth.lan:8080")
    assert odd.exit_code == EXIT_USAGE


async def test_slot_test_with_files_of_the_callers_own(
    office: Office, database_url: str, tmp_path: Path, callers_directory: Path
) -> None:
    listen = f"127.0.0.1:{office.port}"
    commands = Commands(database_url, tmp_path, PHOTOBOOTH_SERVER__LISTEN=listen)
    photo, trial = callers_directory / "in.jpg", callers_directory / "trial.json"
    photo.write_bytes(jpeg())
    look = {"provider": "local", "operation": "look", "output": {"format": "png"}}
    trial.write_text(json.dumps(look), "utf-8")
    options = ("--file", str(trial), "--output", str(callers_directory / "out.png"))
    await asyncio.to_thread(commands.good, "slot", "test", "slot-001", str(photo), *options)
    assert (tmp_path / "out-of-reach" / "out.png").read_bytes().startswith(b"\x89PNG")
