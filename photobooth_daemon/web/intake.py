"""``/api/intake``: what to type into a camera that cannot post, and what became of its photos."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from photobooth_daemon.config.intake import IntakeConfig, users_of
from photobooth_daemon.monitoring.intake_page import IntakePage, SeenIntake, SeenSlot
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused

ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on


class IntakeHandler(Handler):
    """How photos come in by FTP and from folders, slot by slot; never the password."""

    permission = "slots:read"

    def initialize(self, base: Base, *, intake: IntakePage) -> None:
        """Take the intake's page."""
        super().initialize(base)
        self._intake = intake

    @unless_refused
    async def get(self) -> None:
        """Answer with what is configured, and with what the intake says while it runs."""
        self.write_json(intake_json(self._intake.config, await self._intake.look()))


def intake_json(config: IntakeConfig, seen: SeenIntake) -> dict[str, Any]:
    """Return the intake as the API gives it."""
    ftp = config.ftp
    address = ftp.masquerade_address or (None if ftp.host in ANY_ADDRESS else ftp.host)
    tls = "required" if ftp.tls_required else "offered"
    return {
        "state": seen.state.value,
        "ftp": {
            "enabled": ftp.enabled,
            "running": seen.ftp_port is not None,
            "address": address,
            "port": seen.ftp_port or ftp.port,
            "passive_ports": [ftp.passive_ports.first, ftp.passive_ports.last],
            "tls": tls if ftp.tls_cert_file else "off",
        },
        "free_bytes": seen.free_bytes,
        "slots": [_slot_json(config, slot_id, seen) for slot_id in config.slots],
    }


def _slot_json(config: IntakeConfig, slot_id: str, seen: SeenIntake) -> dict[str, Any]:
    found = (seen.slots or {}).get(slot_id)
    results = config.copy_to / slot_id if config.copy_to else config.folder / slot_id / "out"
    return {
        "slot_id": slot_id,
        "users": list(users_of(slot_id)),
        "folder": str(config.folder / slot_id / "in"),
        "results_folder": str(results),
        "status": found and _status_json(found),
        "photos": [asdict(photo) for photo in found.photos] if found else [],
    }


def _status_json(found: SeenSlot) -> dict[str, Any]:
    return {
        "waiting": found.waiting,
        "sending": found.sending,
        "stuck": found.stuck,
        "reachable": found.reachable,
        "writable": found.writable,
        "holds_up": found.holds_up,
    }
