"""What a slot's page says about cameras, in the OpenAPI document."""

from __future__ import annotations

from photobooth_daemon.web.openapi.parts import Operation, json_answer, picture_answer, query
from photobooth_daemon.web.openapi.schemas import TEXT, YES_NO, Schema, list_of, record


def camera_schemas() -> dict[str, Schema]:
    """Return the components that cameras' addresses need."""
    address = record({"url": TEXT, "is_name": YES_NO, "is_open": YES_NO})
    return {"Addresses": record({"items": list_of(address)})}


CAMERA_OPERATIONS = (
    Operation(
        "GET", "/api/addresses", "Slots", "This machine's own name and addresses in its network",
        {200: json_answer("Addresses")},
        problems={400: "invalid_request"},
    ),
    Operation(
        "GET", "/api/slots/{slot_id}/qr.svg", "Slots", "A slot's address for cameras as a QR code",
        {200: picture_answer("image/svg+xml")},
        (query("base", TEXT, "What the address begins with; else what links begin with."),),
        problems={400: "invalid_request", 404: "slot_not_found"},
    ),
    Operation(
        "GET", "/api/intake", "Slots", "What cameras type that cannot post, and their last photos",
        {200: json_answer("Intake")},
    ),
)  # fmt: skip
