"""The ways to tell people: a webhook, a Telegram chat, mail. Each sends once or says why not."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.model.alerts import Announcement, Notification

SEND_SECONDS = 15.0
TELEGRAM_LONGEST = 4000
_TIMEOUT = aiohttp.ClientTimeout(total=SEND_SECONDS, sock_connect=5)


class NotSentError(Exception):
    """A notification did not get through; the text names no secret and no address with one."""


class Channel(Protocol):
    """One way to tell people."""

    name: str

    async def send(self, notification: Notification) -> None:
        """Send one message.

        Raises:
            NotSentError: it did not get through.
        """
        ...


class WebhookChannel:
    """Posts JSON; ``text`` alone is enough for Mattermost, Slack and their like."""

    name = "webhook"

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def send(self, notification: Notification) -> None:
        """Post the notification.

        Raises:
            NotSentError: the receiver did not answer 2xx.
        """
        status = "firing" if notification.firing else "recovered"
        await _post(
            self._session,
            self._url,
            {
                "source": "photobooth-daemon",
                "installation": notification.installation,
                "status": "test" if notification.test else status,
                "sent_at": rfc3339(notification.at),
                "text": notification.text,
                "firing": [_alert_json(alert) for alert in notification.firing],
                "recovered": [_alert_json(alert) for alert in notification.recovered],
            },
        )


class TelegramChannel:
    """Writes to a chat as a bot (https://core.telegram.org/bots/api#sendmessage)."""

    name = "telegram"

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, token: str, chat_id: str
    ) -> None:
        self._session = session
        self._url = f"{api_url.rstrip('/')}/bot{token}/sendMessage"
        self._chat_id = chat_id

    async def send(self, notification: Notification) -> None:
        """Write the message.

        Raises:
            NotSentError: Telegram did not take it.
        """
        await _post(
            self._session,
            self._url,
            {
                "chat_id": self._chat_id,
                "text": notification.text[:TELEGRAM_LONGEST],
                "disable_web_page_preview": True,
            },
        )


class EmailChannel:
    """Sends mail through an SMTP server; a password travels only encrypted or on this machine."""

    name = "email"

    def __init__(self, smtp_url: str, sender: str, recipients: tuple[str, ...]) -> None:
        self._server = urlsplit(smtp_url)
        self._sender = sender
        self._recipients = recipients

    async def send(self, notification: Notification) -> None:
        """Send one mail to everyone.

        Raises:
            NotSentError: the server did not take it, for any of them.
        """
        message = EmailMessage()
        message["Subject"] = notification.title.replace("\n", " ")
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(notification.at)
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notification.text + "\n")
        try:
            await asyncio.to_thread(_deliver, self._server, message)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise NotSentError(type(error).__name__) from error


def build_channels(config: AlertsConfig, session: aiohttp.ClientSession) -> list[Channel]:
    """Return the channels that are configured."""
    channels: list[Channel] = []
    if config.webhook_url:
        channels.append(WebhookChannel(session, config.webhook_url))
    if config.telegram_token and config.telegram_chat_id:
        channels.append(
            TelegramChannel(
                session, config.telegram_api_url, config.telegram_token, config.telegram_chat_id
            )
        )
    if config.email_to:
        sender = config.email_from or f"photobooth-daemon@{socket.getfqdn()}"
        channels.append(
            EmailChannel(config.smtp_url or "smtp://localhost", sender, config.email_to)
        )
    return channels


async def _post(session: aiohttp.ClientSession, url: str, body: object) -> None:
    try:
        async with session.post(url, json=body, timeout=_TIMEOUT, allow_redirects=False) as answer:
            if answer.status // 100 != 2:
                raise NotSentError(f"answered {answer.status}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # The URL holds a token: only the kind of the fault is told.
        raise NotSentError(type(error).__name__) from error


def _deliver(server: SplitResult, message: EmailMessage) -> None:
    host = server.hostname or "localhost"
    here = host in ("localhost", "127.0.0.1", "::1")
    tls = ssl.create_default_context()
    if here:
        # A mail server on this machine has a certificate of its own making.
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    encrypted = server.scheme == "smtps"
    if encrypted:
        port = server.port or 465
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SEND_SECONDS, context=tls)
    else:
        port = server.port or (587 if server.username else 25)
        smtp = smtplib.SMTP(host, port, timeout=SEND_SECONDS)
    with smtp:
        smtp.ehlo()
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=tls)
            smtp.ehlo()
            encrypted = True
        if server.username:
            if not encrypted and not here:
                raise smtplib.SMTPException("the server offers no encryption for the password")
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)


def _alert_json(alert: Announcement) -> dict[str, str]:
    return {
        "name": alert.name,
        "subject": alert.subject,
        "severity": alert.severity.value,
        "summary": alert.summary,
        "since": rfc3339(alert.since),
        "runbook": alert.runbook,
    }
