"""What all layers name: the records, their versions, alerts and reports."""

from photobooth_daemon.model.accounts import Admin, Identity
from photobooth_daemon.model.audit import (
    GUEST,
    UNAUTHENTICATED,
    Actor,
    AuditEntry,
    AuditHead,
)
from photobooth_daemon.model.hosts import DaemonProcess, HostPresence, Noticed
from photobooth_daemon.model.job_end import JobEnd, ResultFacts
from photobooth_daemon.model.jobs import Attempt, Job, JobSource, JobStatus, SentPrompts, Timings
from photobooth_daemon.model.live import LiveMessage
from photobooth_daemon.model.media import MediaKind, MediaObject, TemplateMedia
from photobooth_daemon.model.pictures import Output, Picture, PictureBytes
from photobooth_daemon.model.settings import Settings, SettingsState
from photobooth_daemon.model.slots import (
    GuestField,
    ResponseMode,
    Rung,
    Slot,
    SlotRevision,
    TemplateBinding,
)
from photobooth_daemon.model.units import MB

__all__ = [
    "GUEST",
    "MB",
    "UNAUTHENTICATED",
    "Actor",
    "Admin",
    "Attempt",
    "AuditEntry",
    "AuditHead",
    "DaemonProcess",
    "GuestField",
    "HostPresence",
    "Identity",
    "Job",
    "JobEnd",
    "JobSource",
    "JobStatus",
    "LiveMessage",
    "MediaKind",
    "MediaObject",
    "Noticed",
    "Output",
    "Picture",
    "PictureBytes",
    "ResponseMode",
    "ResultFacts",
    "Rung",
    "SentPrompts",
    "Settings",
    "SettingsState",
    "Slot",
    "SlotRevision",
    "TemplateBinding",
    "TemplateMedia",
    "Timings",
]
