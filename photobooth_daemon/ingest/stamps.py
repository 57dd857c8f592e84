"""What an event has laid on the pictures that go back to its booths."""

from __future__ import annotations

import logging
from dataclasses import replace

from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS
from photobooth_daemon.errors import DatabaseUnavailable, DeadlinePassed, InvalidImage
from photobooth_daemon.ingest.exchange import Admitted, Answer
from photobooth_daemon.model import Job
from photobooth_daemon.model.events import Event
from photobooth_daemon.pictures.headers import decoded_megapixels
from photobooth_daemon.pictures.stamp import StampOrder, stamped
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.repositories.events import EventRepository

log = logging.getLogger(__name__)


class Stamps:
    """Stamps answers; what is stored stays clean, and no picture is lost for want of a stamp."""

    def __init__(self, pictures: PictureThreads, events: EventRepository) -> None:
        self._pictures = pictures
        self._events = events

    def order(self, job: Job, admitted: Admitted) -> StampOrder | None:
        """Return what to lay on a photo's picture as soon as it is made, where its evening wants.

        Close to the window's end the picture is stored first.
        """
        event = admitted.event
        link = _link(job, admitted)
        if link is None or event is None or event.stamp is None:
            return None
        return StampOrder(event.stamp, link, admitted.work_deadline)

    async def stamp(self, answer: Answer, job: Job, admitted: Admitted) -> Answer:
        """Return the answer to a job's photo with the stamp of the job's event, if it has one.

        One that has it already stays; without time the answer goes as it is.
        """
        link = _link(job, admitted)
        if link is None or answer.stamped:
            return answer
        picture = answer.picture
        try:
            async with admitted.deadline.earlier_by(1.5 * ANSWER_MARGIN_SECONDS).enforced():
                event = await self._event(job, admitted)
                if event is None or event.stamp is None:
                    return answer
                picture = await self._pictures.finish(
                    stamped,
                    picture,
                    admitted.slot.output,
                    event.stamp,
                    link,
                    megapixels=decoded_megapixels(
                        picture.content_type, picture.width, picture.height
                    ),
                )
        except (DeadlinePassed, DatabaseUnavailable):
            log.warning("no time to stamp the answer")
            return answer
        except (InvalidImage, OSError, MemoryError, ValueError):
            log.exception("the answer cannot be stamped")
            return answer
        return replace(answer, picture=picture, stamped=True)

    async def _event(self, job: Job, admitted: Admitted) -> Event | None:
        if admitted.event is not None and admitted.event.event_id == job.event_id:
            return admitted.event
        # An answer that is given once more, after the evening.
        assert job.event_id is not None
        return await self._events.find(job.event_id)


def _link(job: Job, admitted: Admitted) -> str | None:
    """Return the link of the guest's page with this guest's key, where an answer may have one."""
    if admitted.base_url is None or job.event_id is None or job.guest_key is None:
        return None
    return f"{admitted.base_url}/r/{job.job_id}?k={job.guest_key}"
