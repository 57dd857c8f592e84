"""An evening whose provider can be told to fail, so that photos are left to make again."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.fakes import eventually
from tests.support.office import Office
from tests.web.test_events import EVENTS

PAINTED = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": "smile"},
    "enabled": True,
}
SIMPLE = {"frozen": False, "keep_originals": "failed"}


class Evening(Office):
    """A daemon whose provider can be told to fail, and its evening."""

    provider: FakeProvider
    event_id: str

    async def shoot(self, slot_id: str = "slot-001", **options: Any) -> str:
        """Send a photo and return its job."""
        answer = await self.photograph(slot_id, **options)
        return str(answer.json()["job_id"])

    async def fail(self, number: int = 1) -> list[str]:
        """Send photos of which nothing comes, and let the provider be well again."""
        self.provider.script.always("prompt_blocked")
        jobs = [await self.shoot() for _ in range(number)]
        self.provider.script.clear()
        return jobs

    async def job(self, job_id: str) -> Any:
        return (await self.get(f"/api/jobs/{job_id}")).json()

    async def rerun(self, job_id: str) -> str:
        reply = await self.call("POST", f"/api/jobs/{job_id}/rerun")
        assert reply.status == 202, reply.body
        return str(reply.json()["job_id"])

    async def reruns(self) -> Any:
        return (await self.get(f"{EVENTS}/{self.event_id}/rerun")).json()["rerun"]

    async def work(self) -> None:
        """Let the worker look until nothing is queued or running."""

        async def nothing_left() -> bool:
            await self.app.reruns.look()
            rows = await self.fetch("SELECT FROM rerun WHERE state IN ('queued', 'running')")
            return not rows

        await eventually(nothing_left, every_seconds=0.1)

    async def guest(self, job_id: str, language: str = "en") -> Any:
        return await self.get(f"/r/{job_id}", token=None, Accept_Language=language)
