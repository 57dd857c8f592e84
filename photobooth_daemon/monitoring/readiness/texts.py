"""What readiness says in Russian and in English: what was found, and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from photobooth_daemon.monitoring.readiness.cures import CURES, Text
from photobooth_daemon.monitoring.readiness.model import Finding
from photobooth_daemon.monitoring.readiness.store_reasons import store_reason

TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "database": {"en": "Database", "ru": "База данных"},
        "daemon": {"en": "Daemon", "ru": "Служба"},
        "event": {"en": "Event", "ru": "Событие"},
        "passwords": {"en": "Passwords", "ru": "Пароли"},
        "connections": {"en": "Connections", "ru": "Соединения"},
        "slots": {"en": "Slots", "ru": "Слоты"},
        "keys": {"en": "Keys", "ru": "Ключи"},
        "providers": {"en": "Providers", "ru": "Провайдеры"},
        "probe": {"en": "Live probe", "ru": "Пробный снимок"},
        "templates": {"en": "Templates", "ru": "Шаблоны"},
        "public_url": {"en": "Public address", "ru": "Публичный адрес"},
        "disk": {"en": "Disk", "ru": "Диск"},
        "store": {"en": "Bucket", "ru": "Бакет"},
        "intake": {"en": "FTP and folders", "ru": "FTP и папки"},
        "clock": {"en": "Clock", "ru": "Часы"},
        "cleanup": {"en": "Cleanup", "ru": "Уборка"},
        "backup": {"en": "Backup", "ru": "Резервная копия"},
        "audit": {"en": "Audit log", "ru": "Журнал изменений"},
        "alerts": {"en": "Alerts", "ru": "Оповещения"},
    }
)

FOUND: Mapping[str, Text] = MappingProxyType(
    {
        "database_ok": {"en": "answers, schema current", "ru": "отвечает, схема актуальна"},
        "database_unavailable": {"en": "{detail}", "ru": "не отвечает: {detail}"},
        "pooler": {
            "en": "reached through a pooler in transaction mode (PgBouncer), behind which live"
            " messages and locks do not work",
            "ru": "доступна через пулер в режиме транзакций (PgBouncer): сообщения и блокировки"
            " через него не работают",
        },
        "daemon_ok": {
            "en": "{count} process(es), version {version}",
            "ru": "процессов: {count}, версия {version}",
        },
        "host_silent": {
            "en": "a host that has not been heard of since {since}",
            "ru": "хост молчит с {since}",
        },
        "versions_differ": {
            "en": "hosts run different versions: {versions}",
            "ru": "на хостах разные версии: {versions}",
        },
        "configurations_differ": {
            "en": "hosts are set up differently: {hosts}",
            "ru": "хосты настроены по-разному: {hosts}",
        },
        "host_unwell": {
            "en": "a host that cannot take photos at the moment",
            "ru": "хост сейчас не может принимать фотографии",
        },
        "daemon_down": {"en": "is not running", "ru": "не запущена"},
        "restart_pending": {
            "en": "runs with an older version or configuration than the one on disk",
            "ru": "работает со старой версией или конфигурацией",
        },
        "configuration_faulty": {
            "en": "would not start again: photobooth.toml has faults ({keys})",
            "ru": "не запустится снова: в photobooth.toml ошибки ({keys})",
        },
        "event_ok": {"en": "none runs", "ru": "сейчас не идёт"},
        "event_running": {
            "en": "runs until {until}: slots and settings are kept as they are",
            "ru": "идёт до {until}: слоты и настройки заморожены",
        },
        "passwords_ok": {"en": "set", "ru": "заданы"},
        "ingest_password_missing": {
            "en": "the cameras' password is not set: every photo gets 401",
            "ru": "пароль камер не задан: каждая фотография получит 401",
        },
        "admin_password_missing": {
            "en": "no administrator has a password: nobody can log in",
            "ru": "ни у одного администратора нет пароля: войти нельзя",
        },
        "connections_ok": {"en": "no password goes in clear", "ru": "пароли открыто не передаются"},
        "plain_http": {
            "en": "the port is open to the network without TLS: passwords go in clear",
            "ru": "порт открыт в сеть без TLS: пароли передаются открыто",
        },
        "plain_password": {
            "en": "a password came from {address} without TLS: anybody on the way can read it",
            "ru": "пароль пришёл с {address} без TLS: прочесть его мог любой по дороге",
        },
        "proxy_untrusted": {
            "en": "{address} sends X-Forwarded-For and is not trusted: "
            "everybody behind it counts as one address",
            "ru": "{address} присылает X-Forwarded-For, но доверия к нему нет: "
            "все за ним считаются одним адресом",
        },
        "certificate_ending": {
            "en": "the TLS certificate ends on {date}",
            "ru": "сертификат TLS действует до {date}",
        },
        "slots_ok": {"en": "{count} on", "ru": "включено: {count}"},
        "no_slot_enabled": {
            "en": "none is on: every photo gets 404",
            "ru": "все выключены: каждая фотография получит 404",
        },
        "slot_misconfigured": {"en": "{message}", "ru": "ошибка настройки: {message}"},
        "keys_ok": {"en": "there for every provider in use", "ru": "есть для всех провайдеров"},
        "provider_key_missing": {"en": "has no key", "ru": "нет ключа"},
        "providers_ok": {
            "en": "answer, models listed: {names}",
            "ru": "отвечают, модели доступны: {names}",
        },
        "provider_down": {"en": "does not serve us: {reason}", "ru": "не обслуживает: {reason}"},
        "model_gone": {
            "en": "the model {model} is not listed any more",
            "ru": "модели {model} больше нет в списке",
        },
        "probe_ok": {
            "en": "a picture in {seconds} s of {window} s",
            "ru": "картинка за {seconds} с из {window} с",
        },
        "probe_skipped": {
            "en": "not made (it may cost money)",
            "ru": "не делался (может стоить денег)",
        },
        "probe_failed": {
            "en": "no picture: {reason}, after {seconds} s",
            "ru": "картинки нет: {reason}, через {seconds} с",
        },
        "probe_slow": {
            "en": "a picture, but in {seconds} s of {window} s",
            "ru": "картинка есть, но за {seconds} с из {window} с",
        },
        "templates_ok": {"en": "all files there", "ru": "все файлы на месте"},
        "template_missing": {
            "en": "the file of a bound picture is missing or damaged: {media_id}",
            "ru": "файл привязанной картинки потерян или повреждён: {media_id}",
        },
        "public_url_ok": {"en": "{url} leads here", "ru": "{url} ведёт сюда"},
        "public_url_not_needed": {
            "en": "not set; no provider in use needs it",
            "ru": "не задан; используемым провайдерам не нужен",
        },
        "public_url_missing": {
            "en": "not set, but {subject} fetches photos by link",
            "ru": "не задан, а {subject} забирает фотографии по ссылке",
        },
        "stamp_leads_nowhere": {
            "en": "no guest's phone may reach it, but {subject} stamps a link on its prints",
            "ru": "не открывается с телефона гостя, а {subject} печатает ссылку на снимках",
        },
        "public_url_unreachable": {
            "en": "{url} does not lead here: {reason}",
            "ru": "{url} не ведёт сюда: {reason}",
        },
        "public_url_private": {
            "en": "{url} is an address of this network only, but {subject} fetches photos by link",
            "ru": "{url} — адрес только этой сети, а {subject} забирает фотографии по ссылке",
        },
        "disk_ok": {
            "en": "{free_gb} GB free, enough for {hours}",
            "ru": "свободно {free_gb} ГБ, хватит на {hours}",
        },
        "disk_full": {
            "en": "{free_mb} MB free, less than min_free_mb: photos are refused",
            "ru": "свободно {free_mb} МБ, меньше min_free_mb: фотографии не принимаются",
        },
        "disk_filling": {
            "en": "full in {hours} h, going on like the busiest hour of today",
            "ru": "заполнится через {hours} ч, если так пойдёт и дальше",
        },
        "store_ok": {"en": "takes pictures and gives them back", "ru": "принимает снимки"},
        "store_refuses": {"en": "{reason}", "ru": "{reason}"},
        "intake_ok": {
            "en": "photos are taken up, slots: {count}",
            "ru": "снимки принимаются, слотов: {count}",
        },
        "intake_down": {"en": "the intake does not answer", "ru": "приём не отвечает"},
        "intake_ftp_unreachable": {
            "en": "no FTP server answers at port {port}",
            "ru": "на порту {port} нет ответа FTP-сервера",
        },
        "intake_folder_missing": {"en": "its folder is not there", "ru": "папки нет на месте"},
        "intake_folder_read_only": {
            "en": "its folders cannot be written",
            "ru": "в папки нельзя писать",
        },
        "intake_stalled": {
            "en": "{count} photos lie in its folder and none moves",
            "ru": "в папке стоят на месте снимки: {count}",
        },
        "intake_disk_full": {
            "en": "{free_mb} MB free where its folders are, less than min_free_mb",
            "ru": "там, где папки, свободно {free_mb} МБ, меньше min_free_mb",
        },
        "clock_ok": {"en": "right", "ru": "верные"},
        "clock_wrong": {
            "en": "{seconds} s away from the database's",
            "ru": "расходятся с базой данных на {seconds} с",
        },
        "clock_unsynchronised": {
            "en": "not synchronised with a time server",
            "ru": "не синхронизированы с сервером времени",
        },
        "cleanup_ok": {"en": "{minutes} min ago", "ru": "{minutes} мин назад"},
        "cleanup_never": {"en": "has never run here", "ru": "ни разу не выполнялась"},
        "cleanup_late": {
            "en": "last succeeded {minutes} min ago",
            "ru": "последняя успешная {minutes} мин назад",
        },
        "cleanup_failed": {"en": "the last run failed", "ru": "последняя завершилась ошибкой"},
        "audit_ok": {"en": "holds what was noted", "ru": "на месте всё, что отмечено"},
        "audit_lost": {
            "en": "entry {entry}, which was noted here, is not in it",
            "ru": "в нём нет записи {entry}, отмеченной здесь",
        },
        "audit_note_unusable": {
            "en": "the note of its end, audit.head, was changed or cannot be read",
            "ru": "отметка о его конце, audit.head, изменена или не читается",
        },
        "audit_not_noted": {
            "en": "its end has not been noted for {hours} h",
            "ru": "его конец не отмечался {hours} ч",
        },
        "backup_ok": {"en": "{hours} h ago", "ru": "{hours} ч назад"},
        "backup_never": {"en": "none was ever made", "ru": "ни разу не делалась"},
        "backup_old": {"en": "the last is {hours} h old", "ru": "последней {hours} ч"},
        "alerts_ok": {"en": "somebody is told", "ru": "есть кому сообщить"},
        "alerts_nobody": {
            "en": "nobody is told when something goes wrong",
            "ru": "о неполадках никто не узнает",
        },
        "alerts_quiet": {
            "en": "quiet until {until}: a maintenance window is open",
            "ru": "молчат до {until}: открыто окно обслуживания",
        },
    }
)


def found_text(finding: Finding, locale: str) -> str:
    """Return what was found, with its subject in front."""
    facts = dict(finding.facts)
    if finding.check == "store" and "reason" in facts:
        facts["reason"] = store_reason(facts["reason"], locale)
    text = _in(FOUND[finding.code], locale).format(subject=finding.subject, **facts)
    return f"{finding.subject}: {text}" if finding.subject else text


def cure_text(finding: Finding, locale: str) -> str | None:
    """Return what to do about it; None where nothing has to be done."""
    cure = CURES.get(finding.code)
    if cure is None:
        return None
    return _in(cure, locale).format(subject=finding.subject, **finding.facts)


def title_text(finding: Finding, locale: str) -> str:
    """Return the name of the check."""
    return _in(TITLES[finding.check], locale)


def _in(text: Text, locale: str) -> str:
    return text if isinstance(text, str) else text.get(locale, text["en"])
