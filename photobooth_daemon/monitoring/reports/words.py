"""The report's words in Russian and in English, and figures as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

LOCALES = ("ru", "en")

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "Event report",
            "photos": "Photos",
            "done": "With a picture",
            "timeouts": "Too late (504)",
            "failures": "Failed (502)",
            "pending": "Under way",
            "success": "Success",
            "p50": "Half within",
            "p95": "95 % within",
            "longest": "Longest",
            "provider_p95": "Provider, 95 % within",
            "received": "Received",
            "results": "Results",
            "cost": "Cost",
            "slots": "Slots",
            "slot": "Slot",
            "causes": "Why there was no picture",
            "cause": "Cause",
            "providers": "Providers",
            "provider": "Provider",
            "attempts": "Attempts",
            "slowest": "The slowest photos",
            "started": "Time",
            "status": "Outcome",
            "total": "Total",
            "hours": "Photos an hour",
            "nothing": "No photos came in this time.",
        },
        "ru": {
            "title": "Отчёт о мероприятии",
            "photos": "Фотографий",
            "done": "С картинкой",
            "timeouts": "Не успели (504)",
            "failures": "Ошибки (502)",
            "pending": "В работе",
            "success": "Успешно",
            "p50": "Половина за",
            "p95": "95 % за",
            "longest": "Дольше всего",
            "provider_p95": "Провайдер, 95 % за",
            "received": "Принято",
            "results": "Результаты",
            "cost": "Стоимость",
            "slots": "Слоты",
            "slot": "Слот",
            "causes": "Почему не было картинки",
            "cause": "Причина",
            "providers": "Провайдеры",
            "provider": "Провайдер",
            "attempts": "Попыток",
            "slowest": "Самые медленные фотографии",
            "started": "Время",
            "status": "Исход",
            "total": "Всего",
            "hours": "Фотографий в час",
            "nothing": "За это время фотографий не было.",
        },
    }
)


def seconds(ms: int | None) -> str:
    """Return a duration in seconds."""
    return "–" if ms is None else f"{ms / 1000:.1f} s"


def megabytes(size_bytes: int) -> str:
    """Return a size."""
    return f"{size_bytes / 2**20:.0f} MB"


def percent(share: float | None) -> str:
    """Return a share."""
    return "–" if share is None else f"{share:.1f} %"


def moment(at: datetime | None) -> str:
    """Return an instant in the local time of the machine."""
    return "–" if at is None else f"{at.astimezone():%d.%m.%Y %H:%M}"
