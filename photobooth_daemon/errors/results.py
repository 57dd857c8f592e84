"""Failures of what jobs leave: results, originals, links."""

from __future__ import annotations

from photobooth_daemon.errors.base import NotFound, PhotoboothError


class JobNotFound(NotFound):
    code = "job_not_found"
    default_detail = "There is no job of this id."


class ResultNotFound(NotFound):
    code = "result_not_found"
    default_detail = "There is no result of this id."


class ResultAwaited(ResultNotFound):
    default_detail = "This picture is being made again; it will be here."


class ResultExpired(PhotoboothError):
    code = "result_expired"
    default_detail = "This picture was kept for its time and has been removed."


class ResultRemoved(ResultExpired):
    code = "result_removed"
    default_detail = "This picture has been removed."


class OriginalNotKept(NotFound):
    code = "original_not_kept"
    default_detail = "The photo of this job is not kept: its event keeps none, or not any longer."


class WrongKey(PhotoboothError):
    """A guest's link lacks the key of its picture."""

    code = "wrong_key"
    default_detail = "This is not the key of this picture."


class MediaNotFound(NotFound):
    code = "media_not_found"
    default_detail = "There is no media of this id."


class MediaExpired(PhotoboothError):
    code = "media_expired"
    default_detail = "This temporary link has ended."


class AlreadyDone(PhotoboothError):
    code = "already_done"
    default_detail = "This photo has its picture: nothing is to be made again."
