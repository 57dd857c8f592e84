"""What a plain form on one of our own pages sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from photobooth_daemon.errors import InvalidRequest, UnsupportedMediaType
from photobooth_daemon.web.handler import Handler

MAX_FORM_BYTES = 4096
MAX_FIELDS = 20


def read_form(handler: Handler) -> dict[str, str]:
    """Return the fields of a form, the last of each name.

    Raises:
        UnsupportedMediaType: the body is no urlencoded form.
        InvalidRequest: it has too many fields.
    """
    kind = handler.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("Send a form: application/x-www-form-urlencoded.")
    text = handler.body.data.decode("utf-8", "replace")
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidRequest(f"A form has {MAX_FIELDS} fields at most.") from error
    return {name: values[-1] for name, values in fields.items()}
