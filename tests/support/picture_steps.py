"""The steps of a picture, as the ingest takes them."""

from __future__ import annotations

from photobooth_daemon.model import Output
from photobooth_daemon.pictures import steps as pictures
from tests.support.sample_pictures import written

MANY = 60_000_000


def prepared(tmp_path, data, *, max_edge_px=1536):
    path = written(tmp_path, data)
    content_type = pictures.recognise(path)
    return pictures.prepare(path, content_type, max_edge_px=max_edge_px)


def finished(data, output=None, photo=(300, 200)):
    return pictures.finish(data, output or Output(), *photo, max_pixels=MANY)
