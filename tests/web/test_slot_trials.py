"""A photo by a configuration that is saved or not: the slot's own page tries it."""

from __future__ import annotations

import json
from datetime import datetime

from tests.support.office import Office
from tests.support.sample_pictures import jpeg
from tests.support.slots import LOOK, SLOT, configured


async def test_test_run_of_an_unsaved_configuration(office: Office) -> None:
    config = json.dumps({**LOOK, "params": {"look": "sepia"}, "output": {"format": "png"}})
    reply = await office.post_form(f"{SLOT}/test", {"config": config, "file": jpeg()})
    assert reply.status == 200, reply.body
    answer = reply.json()
    assert answer["status"] == "done"
    assert answer["content_type"] == "image/png"
    assert (await office.get(answer["result_url"], token=None)).status == 200
    (job,) = await office.fetch("SELECT * FROM job_history")
    assert (job["source"], job["provider"], job["operation"]) == ("test", "local", "look")
    assert job["client_fields"] == {}
    slot = (await office.get(SLOT)).json()
    assert (slot["version"], slot["provider"], slot["recent_results"]) == (1, None, [])


async def test_test_run_keeps_more_of_its_configuration_alone(office: Office) -> None:
    config = json.dumps({**LOOK, "display_name": "a trial"}, indent=5000)
    fields = {"config": config, "time": "y" * 5000, "file": jpeg()}
    reply = await office.post_form(f"{SLOT}/test", fields)
    assert reply.status == 200, reply.body
    (job,) = await office.fetch("SELECT * FROM job_history")
    assert job["provider"] == "local"
    assert job["client_fields"] == {"time": "y" * 4096}


async def test_test_run_has_the_window_that_is_tried(office: Office) -> None:
    config = json.dumps({**LOOK, "sync_response_seconds": 10})
    reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": config})
    assert reply.status == 200, reply.body
    job = (await office.get(f"/api/jobs/{reply.json()['job_id']}")).json()
    due, began = (datetime.fromisoformat(job[key]) for key in ("deadline_at", "started_at"))
    assert 9 <= (due - began).total_seconds() <= 11


async def test_test_run_of_the_saved_configuration(office: Office) -> None:
    await configured(office, enabled=False)
    reply = await office.post_form(f"{SLOT}/test?preview=inline", {"file": jpeg()})
    assert reply.status == 200, reply.body
    assert reply.json()["preview"].startswith("data:image/jpeg;base64,")


async def test_test_run_names_the_faults_of_the_configuration(office: Office) -> None:
    config = json.dumps({**LOOK, "params": {"look": "sparkle", "x": 1}})
    reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": config})
    assert reply.status == 422
    assert reply.pointers == ["/params/look", "/params/x"]
    for broken in ("{", "[]", "7"):
        reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": broken})
        assert (reply.status, reply.code) == (400, "invalid_request")
    unconfigured = await office.post_form(f"{SLOT}/test", {"file": jpeg()})
    assert unconfigured.pointers == ["/operation", "/provider"]
    assert await office.fetch("SELECT * FROM job_history") == []
    assert [str(path) for path in (office.media_root / "scratch").iterdir()] == []
    assert office.app.gate.seats() == 0


async def test_test_run_of_what_is_no_picture(office: Office) -> None:
    await configured(office)
    reply = await office.post_form(f"{SLOT}/test", {"file": b"not a picture at all"})
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    without = await office.post_form(f"{SLOT}/test", {"config": "{}"})
    assert (without.status, without.code) == (400, "invalid_request")
    not_a_form = await office.call("POST", f"{SLOT}/test", {"config": {}})
    assert (not_a_form.status, not_a_form.code) == (400, "invalid_request")
