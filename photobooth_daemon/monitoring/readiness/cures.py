"""What readiness says to do about what it found, in Russian and in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Text = Mapping[str, str] | str
"""By language; a command is the same in all of them."""

CURES: Mapping[str, Text] = MappingProxyType(
    {
        "database_unavailable": {
            "en": "systemctl status postgresql; then photoboothctl migrate",
            "ru": "systemctl status postgresql; затем photoboothctl migrate",
        },
        "pooler": {
            "en": "[database] url: name PostgreSQL itself, or set pool_mode = session in PgBouncer",
            "ru": "[database] url: укажите сам PostgreSQL или задайте в PgBouncer"
            " pool_mode = session",
        },
        "daemon_down": {
            "en": "systemctl start photobooth-daemon; journalctl -u photobooth-daemon says why",
            "ru": "systemctl start photobooth-daemon; причина — journalctl -u photobooth-daemon",
        },
        "host_silent": {
            "en": "look after it; one that is gone for good: photoboothctl host forget NAME",
            "ru": "проверьте его; выведен из работы насовсем: photoboothctl host forget ИМЯ",
        },
        "versions_differ": {
            "en": "upgrade the others as well",
            "ru": "обновите и остальные",
        },
        "configurations_differ": {
            "en": "compare the hosts' photobooth.toml and credentials, restart those you change",
            "ru": "сравните photobooth.toml и ключи хостов, изменённые перезапустите",
        },
        "host_unwell": {
            "en": "its own Health page says why; the others go on",
            "ru": "причину покажет его собственная страница «Состояние»; остальные работают",
        },
        "restart_pending": {
            "en": "systemctl restart photobooth-daemon (no photo is lost)",
            "ru": "systemctl restart photobooth-daemon (фотографии не теряются)",
        },
        "configuration_faulty": {
            "en": "photoboothctl config check says what is wrong; mend it before anything restarts",
            "ru": "что не так, скажет photoboothctl config check; исправьте до перезапуска",
        },
        "event_running": {
            "en": "restart and upgrade only if you must",
            "ru": "перезапускайте и обновляйте, только если иначе никак",
        },
        "ingest_password_missing": "photoboothctl settings rotate-ingest-password",
        "admin_password_missing": "photoboothctl admin passwd serg",
        "plain_http": {
            "en": "tls_cert_file and tls_key_file in [server], or a proxy with TLS before it",
            "ru": "tls_cert_file и tls_key_file в [server] либо прокси с TLS перед службой",
        },
        "plain_password": {
            "en": "tls_cert_file and tls_key_file in [server], or a proxy with TLS before it; "
            "nothing, where the booths have a network of their own",
            "ru": "tls_cert_file и tls_key_file в [server] либо прокси с TLS перед службой; "
            "ничего, если у будок своя отдельная сеть",
        },
        "proxy_untrusted": {
            "en": "if it is your proxy: trusted_proxies in [server], restart; else it is made up",
            "ru": "если это ваш прокси: trusted_proxies в [server], перезапустите; иначе подделка",
        },
        "certificate_ending": {
            "en": "renew it, then systemctl reload photobooth-daemon; S3: whoever runs the bucket",
            "ru": "обновите, затем systemctl reload photobooth-daemon; для S3 — владелец хранилища",
        },
        "no_slot_enabled": {
            "en": "set up a slot and switch it on: admin UI, Slots",
            "ru": "настройте слот и включите его: админка, «Слоты»",
        },
        "slot_misconfigured": {
            "en": "open the slot in the admin UI and save it: it marks what is wrong",
            "ru": "откройте слот в админке и сохраните: она покажет, что не так",
        },
        "provider_key_missing": {
            "en": "put the key into /etc/photobooth-daemon/credentials/{subject}_api_key, restart",
            "ru": "положите ключ в /etc/photobooth-daemon/credentials/{subject}_api_key, "
            "перезапустите",
        },
        "provider_down": {
            "en": "a new key, credit in the account, else the network or the provider's status",
            "ru": "новый ключ, деньги на счёте, иначе сеть; посмотрите статус провайдера",
        },
        "model_gone": {
            "en": "choose another model in the slot's params",
            "ru": "выберите другую модель в параметрах слота",
        },
        "probe_skipped": "photoboothctl check --live",
        "probe_failed": {
            "en": "photoboothctl job list --slot {subject} says more; add a fallback to the slot",
            "ru": "подробности: photoboothctl job list --slot {subject}; добавьте запасной вариант",
        },
        "probe_slow": {
            "en": "a faster model, a smaller picture, or a longer window",
            "ru": "модель быстрее, картинка меньше или окно длиннее",
        },
        "template_missing": {
            "en": "upload the picture again and bind it in the slot",
            "ru": "загрузите картинку заново и привяжите её в слоте",
        },
        "public_url_missing": "photoboothctl settings set public_url=https://…",
        "stamp_leads_nowhere": "photoboothctl settings set public_url=https://…",
        "public_url_unreachable": {
            "en": "look at DNS, the router's port forwarding and the proxy",
            "ru": "проверьте DNS, проброс порта на роутере и прокси",
        },
        "public_url_private": {
            "en": "use a public name, or a provider that is sent the photo",
            "ru": "нужен публичный адрес либо провайдер, которому фото отправляют",
        },
        "disk_full": {
            "en": "photoboothctl cleanup; remove what else lies on this disk",
            "ru": "photoboothctl cleanup; уберите с диска лишнее",
        },
        "disk_filling": {
            "en": "photoboothctl settings set result_ttl_hours=24; then photoboothctl cleanup",
            "ru": "photoboothctl settings set result_ttl_hours=24; затем photoboothctl cleanup",
        },
        "store_refuses": {
            "en": "look at [media.s3] of photobooth.toml, its credentials, and the store itself",
            "ru": "проверьте [media.s3] в photobooth.toml, ключи доступа и само хранилище",
        },
        "intake_down": {
            "en": "systemctl enable --now photobooth-intake; not wanted: remove ingest_password "
            "from /etc/photobooth-daemon/credentials, restart photobooth-daemon",
            "ru": "systemctl enable --now photobooth-intake; не нужен: удалите ingest_password "
            "из /etc/photobooth-daemon/credentials, перезапустите photobooth-daemon",
        },
        "intake_ftp_unreachable": "systemctl restart photobooth-intake; photoboothctl config check",
        "intake_folder_missing": {
            "en": "mount the share again; folder in [intake] names the place",
            "ru": "подключите сетевой диск; место задаёт folder в [intake]",
        },
        "intake_folder_read_only": {
            "en": "they have to belong to photobooth-daemon, on a disk that can be written",
            "ru": "они должны принадлежать photobooth-daemon и лежать на диске с правом записи",
        },
        "intake_stalled": "photoboothctl intake status; journalctl -u photobooth-intake",
        "intake_disk_full": {
            "en": "remove pictures that have been printed from out/, or a lower keep_done_hours",
            "ru": "уберите из out/ напечатанные картинки или уменьшите keep_done_hours",
        },
        "clock_wrong": {
            "en": "timedatectl set-ntp true, on both machines",
            "ru": "timedatectl set-ntp true, на обеих машинах",
        },
        "clock_unsynchronised": "timedatectl set-ntp true",
        "cleanup_never": "systemctl enable --now photobooth-cleanup.timer",
        "cleanup_late": "systemctl enable --now photobooth-cleanup.timer; photoboothctl cleanup",
        "cleanup_failed": "journalctl -u photobooth-cleanup; photoboothctl cleanup",
        "backup_never": "systemctl enable --now photobooth-backup.timer; photoboothctl backup",
        "backup_old": "journalctl -u photobooth-backup; photoboothctl backup",
        "audit_lost": {
            "en": "photoboothctl audit verify; who reached the database?",
            "ru": "photoboothctl audit verify; кто добрался до базы?",
        },
        "audit_note_unusable": {
            "en": "photoboothctl audit verify; then remove audit.head, it is made anew",
            "ru": "photoboothctl audit verify; затем удалите audit.head, он появится заново",
        },
        "audit_not_noted": {
            "en": "df -h /var/lib/photobooth-daemon; journalctl -u photobooth-daemon -p err",
            "ru": "df -h /var/lib/photobooth-daemon; journalctl -u photobooth-daemon -p err",
        },
        "alerts_nobody": {
            "en": "set [alerts] in photobooth.toml, then photoboothctl alert test",
            "ru": "задайте [alerts] в photobooth.toml, затем photoboothctl alert test",
        },
        "alerts_quiet": "photoboothctl alert maintenance --end",
    }
)
