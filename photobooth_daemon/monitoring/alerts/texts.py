"""What alerts say, in Russian and in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from photobooth_daemon.model.alerts import Announcement, Condition

SUMMARIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "PhotoboothTimeoutShareHigh": {
            "en": "{percent} % of the photos got no picture in time (504)",
            "ru": "{percent} % фотографий не получили картинку вовремя (504)",
        },
        "PhotoboothSlotTimeouts": {
            "en": "{subject}: {count} photos timed out within ten minutes",
            "ru": "{subject}: за десять минут не успели фотографий: {count}",
        },
        "PhotoboothFailedShareHigh": {
            "en": "{percent} % of the photos failed (502)",
            "ru": "{percent} % фотографий завершились ошибкой (502)",
        },
        "PhotoboothNearWindow": {
            "en": "{subject}: the slowest photos use {percent} % of their window",
            "ru": "{subject}: самые медленные фотографии занимают {percent} % окна",
        },
        "PhotoboothWaitingRoomFull": {
            "en": "{subject}: {count} photos found the waiting room full within ten minutes (429)",
            "ru": "{subject}: за десять минут не попали в очередь фотографий: {count} (429)",
        },
        "PhotoboothInternalErrors": {
            "en": "{count} internal errors within ten minutes (500)",
            "ru": "Внутренних ошибок за десять минут: {count} (500)",
        },
        "PhotoboothProviderCoolingDown": {
            "en": "{subject} keeps failing and is left alone for a while",
            "ru": "{subject} раз за разом отказывает, временно не используется",
        },
        "PhotoboothProviderMisconfigured": {
            "en": "{subject} refuses our calls: {reason}",
            "ru": "{subject} отклоняет запросы: {reason}",
        },
        "PhotoboothCostCapNear": {
            "en": "{subject}: {percent} % of the day's cost cap are spent",
            "ru": "{subject}: израсходовано {percent} % дневного лимита расходов",
        },
        "PhotoboothUnhealthy": {
            "en": "The check {subject} fails: photos are refused there",
            "ru": "Проверка {subject} не проходит: фотографии там не принимаются",
        },
        "PhotoboothHostSilent": {
            "en": "{subject}: no sign of life of this host for {minutes} minutes",
            "ru": "{subject}: этот сервер не подаёт признаков жизни {minutes} мин",
        },
        "PhotoboothClockWrong": {
            "en": "{subject}: the clock is {seconds} s off: set it, or let chrony do that",
            "ru": "{subject}: часы расходятся на {seconds} с: настройте их или chrony",
        },
        "PhotoboothHostsDiffer": {
            "en": "Hosts differ in version or configuration: {hosts}",
            "ru": "Серверы отличаются версией или настройками: {hosts}",
        },
        "PhotoboothCertificateEnding": {
            "en": "{subject}: the TLS certificate ends on {date}",
            "ru": "{subject}: сертификат TLS действует до {date}",
        },
        "PhotoboothCertificateAtItsEnd": {
            "en": "{subject}: renew the TLS certificate now, it ends on {date}",
            "ru": "{subject}: срочно обновите сертификат TLS, он действует до {date}",
        },
        "PhotoboothDiskFilling": {
            "en": "{subject}: the disk will be full in {hours} h ({free_mb} MB free)",
            "ru": "{subject}: диск заполнится через {hours} ч (свободно {free_mb} МБ)",
        },
        "PhotoboothDiskFull": {
            "en": "{subject}: the disk is full ({free_mb} MB free): photos are refused (507)",
            "ru": "{subject}: диск заполнен (свободно {free_mb} МБ), фото не принимаются (507)",
        },
        "PhotoboothCleanupLate": {
            "en": "No cleanup has succeeded for {minutes} minutes",
            "ru": "Очистка не выполнялась {minutes} мин",
        },
        "PhotoboothCleanupFailed": {
            "en": "The last cleanup failed",
            "ru": "Последняя очистка завершилась ошибкой",
        },
        "PhotoboothPasswordBruteForce": {
            "en": "{count} wrong passwords ({subject}) within a quarter of an hour",
            "ru": "Неверных паролей за четверть часа ({subject}): {count}",
        },
        "PhotoboothBackupOld": {
            "en": "The last backup is {hours} hours old",
            "ru": "Последней резервной копии {hours} ч",
        },
        "PhotoboothAuditPutBack": {
            "en": "The audit log's head was put back: somebody has been in the database",
            "ru": "Конец журнала аудита вернули назад: кто-то побывал в базе данных",
        },
        "PhotoboothIntakeStalled": {
            "en": "{subject}: {count} photos lie in the intake's folder and none moves",
            "ru": "{subject}: в папке приёма стоят на месте фотографии: {count}",
        },
        "PhotoboothBoothSilent": {
            "en": "{subject}: no photo for {minutes} minutes, while others of the event send",
            "ru": "{subject}: фотографий нет {minutes} мин, хотя другие слоты события работают",
        },
        "PhotoboothIntakeDown": {
            "en": "{subject}: the intake does not answer: photos by FTP and from folders wait",
            "ru": "{subject}: приём не отвечает, фотографии по FTP и из папок не забираются",
        },
    }
)

_WORDS = {
    "en": {
        "firing": "Alert",
        "recovered": "Recovered",
        "more": "and {count} more",
        "runbook": "What to do: {runbook}",
        "test": "This is a test: alerts of this installation arrive here.",
        "test_title": "Test",
    },
    "ru": {
        "firing": "Тревога",
        "recovered": "Восстановилось",
        "more": "и ещё {count}",
        "runbook": "Что делать: {runbook}",
        "test": "Это проверка: тревоги этой установки приходят сюда.",
        "test_title": "Проверка",
    },
}
_MARKS = {"page": "🔴", "warning": "🟡"}


def summary_of(condition: Condition, locale: str) -> str:
    """Return one sentence about a condition."""
    texts = SUMMARIES[condition.name]
    facts: dict[str, Any] = {"subject": condition.subject, **condition.facts}
    return texts.get(locale, texts["en"]).format(**facts)


def title_of(
    installation: str,
    firing: Sequence[Announcement],
    recovered: Sequence[Announcement],
    locale: str,
) -> str:
    """Return a subject line: the gravest first, and how many more there are."""
    words = _words(locale)
    first = (firing or recovered)[0]
    title = f"{installation}: {words['firing' if firing else 'recovered']}: {first.summary}"
    others = len(firing) + len(recovered) - 1
    return f"{title} ({words['more'].format(count=others)})" if others else title


def text_of(
    installation: str,
    firing: Sequence[Announcement],
    recovered: Sequence[Announcement],
    locale: str,
) -> str:
    """Return the whole message as plain text."""
    words = _words(locale)
    lines = [installation]
    for alert in firing:
        lines.append(f"{_MARKS[alert.severity]} {alert.summary}")
        lines.append(f"    {words['runbook'].format(runbook=alert.runbook)}")
    for alert in recovered:
        lines.append(f"🟢 {words['recovered']}: {alert.summary}")
    return "\n".join(lines)


def test_text(installation: str, locale: str) -> tuple[str, str]:
    """Return title and text of a test message."""
    words = _words(locale)
    return f"{installation}: {words['test_title']}", f"{installation}\n{words['test']}"


def _words(locale: str) -> Mapping[str, str]:
    return _WORDS.get(locale, _WORDS["en"])
