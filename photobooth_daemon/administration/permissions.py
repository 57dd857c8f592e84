"""What an administrator may be allowed."""

from __future__ import annotations

PERMISSIONS = (
    "slots:read",
    "slots:write",
    "settings:read",
    "settings:write",
    "media:write",
    "jobs:read",
    "stats:read",
    "audit:read",
    "metrics:read",
    "events:read",
    "events:write",
    "jobs:write",
    "providers:write",
    "admins:write",
)
