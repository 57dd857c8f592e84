"""What an event has laid on the pictures that go back to its booths."""

from __future__ import annotations

import logging
from dataclasses import replace

from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS
from photobooth_daemon.errors import DatabaseUnavailable, DeadlinePassed, InvalidImage
from photobooth_daemon.ingest.exchange import Admitted, Answer
from photobooth_daemon.model import Job
from photobooth_daemon.model.events import Event
from photobooth_daemon.pictures.stamp import stamped
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.repositories.events import EventRepository

log = logging.getLogger(__name__)


class Stamps:
    """Stamps answers; what is stored stays clean, and no picture is lost for want of a stamp."""

    def __init__(self, pictures: PictureThreads, events: EventRepository) -> None:
        self._pictures = pictures
        self._events = events

    async def stamp(self, answer: Answer, job: Job, admitted: Admitted) -> Answer:
        """Return the answer to a job's photo with the stamp of the job's event, if it has one.

        The link is of the guest's page, with the key of this guest. Without time the answer
        goes as it is.
        """
        if admitted.base_url is None or job.event_id is None or job.guest_key is None:
            return answer
        link = f"{admitted.base_url}/r/{job.job_id}?k={job.guest_key}"
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
                    megapixels=picture.width * picture.height / 1e6,
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
