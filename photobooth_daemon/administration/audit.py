"""Who changed what, when and from where: an append-only log that shows when it was tampered with.

Each entry's digest is a keyed hash of the entry and of the digest before it,
so an altered, inserted or removed entry breaks the chain from there on; the
sealed head shows when the newest entries were cut off, and the end that each machine
notes in a file with every entry shows when an older head was put back. The key is in
a file, too, so a hand that reaches only the database cannot mend the chain.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal
from functools import partial
from typing import Any

import asyncpg

from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.model import UNAUTHENTICATED, Actor, AuditEntry, AuditHead
from photobooth_daemon.model.audit import HEAD_PUT_BACK
from photobooth_daemon.repositories.audit import AuditRepository

MAX_FAULTS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a verification found; no faults means that every entry is as it was written.

    ``noted_id`` is the entry that this machine noted as the last one, if it has noted any.
    """

    entries: int
    head_id: int
    head_digest: str
    noted_id: int | None
    faults: tuple[str, ...]


class Audit:
    """Writes and verifies the log."""

    def __init__(
        self, repository: AuditRepository, clock: Clock, key: bytes, heads: HeadKeeper
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._key = key
        self._heads = heads

    async def record(
        self,
        connection: asyncpg.Connection,
        *,
        actor: Actor,
        action: str,
        entity: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> int:
        """Append one entry inside the caller's transaction and return its number.

        The transaction is one of ``Database.transaction``, which lets the new end be noted
        as soon as it is committed. ``before`` and ``after`` hold JSON values and no secret.
        Other writers of the log wait until the transaction ends, so this is called late in it.
        """
        head = await self._repository.lock_head(connection)
        if not self._is_sealed(head):
            log.error("the audit log's end is not sealed by this key: photoboothctl audit verify")
        head = await self._after_all(connection, head)
        moved = await self._append(connection, head, actor, action, entity, before, after)
        connection.after_commit.append(partial(self._heads.note, moved, head))
        return moved.audit_id

    async def _after_all(self, connection: asyncpg.Connection, head: AuditHead) -> AuditHead:
        """Return the end to go on from: an older one that was put back stops no change.

        That it was put back is an entry of its own, for from then on the head fits again.
        """
        newest = await self._repository.newest(connection)
        if newest is None or newest[0] <= head.audit_id:
            return head
        log.error("the audit log's end was put back: photoboothctl audit verify")
        true_end = AuditHead(*newest, self._seal(*newest))
        before, after = {"head": head.audit_id}, {"head": true_end.audit_id}
        nobody = Actor(UNAUTHENTICATED)
        return await self._append(
            connection, true_end, nobody, HEAD_PUT_BACK, "audit", before, after
        )

    async def _append(
        self,
        connection: asyncpg.Connection,
        head: AuditHead,
        actor: Actor,
        action: str,
        entity: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> AuditHead:
        entry = AuditEntry(
            audit_id=head.audit_id + 1,
            at=self._clock.utcnow(),
            actor=actor.username,
            action=action,
            entity=entity,
            before=None if before is None else dict(before),
            after=_with_reason(after, actor),
            address=actor.address,
            request_id=actor.request_id,
            digest=b"",
        )
        digest = self._digest(head.digest, entry)
        moved = AuditHead(entry.audit_id, digest, self._seal(entry.audit_id, digest))
        await self._repository.append(connection, replace(entry, digest=digest), moved)
        return moved

    async def verify(self, *noted: tuple[int, str]) -> AuditVerdict:
        """Walk the whole log and return what does not fit.

        The log must still contain the end that this machine noted, and each of ``noted``:
        heads noted elsewhere (an entry's number and digest in hex, as each cleanup logs them).
        """
        faults: list[str] = []
        own_id = None
        try:
            own = await self._heads.read()
        except ConfigError as error:
            faults.append(error.detail)
        else:
            if own is not None:
                own_id = own.audit_id
                noted = (*noted, (own.audit_id, own.digest))
        head = await self._repository.head()
        last_id, last_digest = 0, b""
        digest_at_head = b""
        async for entry in self._repository.iterate():
            if entry.audit_id != last_id + 1:
                faults.append(f"entries {last_id + 1} to {entry.audit_id - 1} are missing")
            elif not hmac.compare_digest(entry.digest, self._digest(last_digest, entry)):
                faults.append(f"entry {entry.audit_id} was altered")
            if entry.action == HEAD_PUT_BACK:
                faults.append(f"the head had been put back before entry {entry.audit_id}")
            if any(n == entry.audit_id and digest != entry.digest.hex() for n, digest in noted):
                faults.append(f"entry {entry.audit_id} is not the one that was noted")
            last_id, last_digest = entry.audit_id, entry.digest
            if last_id == head.audit_id:
                digest_at_head = last_digest
            if len(faults) >= MAX_FAULTS:
                faults.append("there may be more")
                return AuditVerdict(
                    last_id, head.audit_id, head.digest.hex(), own_id, tuple(faults)
                )
        if head.audit_id > last_id:
            faults.append(f"entries {last_id + 1} to {head.audit_id} were cut off")
        elif head.digest != digest_at_head:
            faults.append(f"the head does not fit entry {head.audit_id}")
        if not self._is_sealed(head):
            faults.append("the head was altered, or the key is another one")
        # An entry and the head that it moved were committed together: this head is not older.
        if (now := await self._repository.head()).audit_id < last_id:
            faults.append(f"the head was put back to entry {now.audit_id}")
        faults += [
            f"the log ends at entry {last_id}, but entry {number} was noted"
            for number in sorted({number for number, _ in noted if number > last_id})
        ]
        return AuditVerdict(last_id, head.audit_id, head.digest.hex(), own_id, tuple(faults))

    def _digest(self, previous: bytes, entry: AuditEntry) -> bytes:
        text = json.dumps(
            [
                entry.audit_id,
                entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
                entry.actor,
                entry.action,
                entry.entity,
                _stable(entry.before),
                _stable(entry.after),
                entry.address,
                entry.request_id,
            ],
            sort_keys=True,
            separators=(",", ":"),
        )
        return hmac.digest(self._key, previous + text.encode("ascii"), hashlib.sha256)

    def _is_sealed(self, head: AuditHead) -> bool:
        return hmac.compare_digest(head.seal, self._seal(head.audit_id, head.digest))

    def _seal(self, audit_id: int, digest: bytes) -> bytes:
        if audit_id == 0:
            return b""
        return hmac.digest(self._key, b"head %d " % audit_id + digest, hashlib.sha256)


def _with_reason(after: Mapping[str, Any] | None, actor: Actor) -> dict[str, Any] | None:
    if actor.override_reason is None:
        return None if after is None else dict(after)
    return {**(after or {}), "override_reason": actor.override_reason}


def _stable(value: Any) -> Any:
    """Return ``value`` as it comes back from a jsonb column, where 2.0 and 2e0 are both 2."""
    if isinstance(value, Mapping):
        return {key: _stable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_stable(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        # As it is written, not as it is held: 1.5e300 is 15 and 299 zeros there.
        return int(Decimal(repr(value)))
    return value
