"""E-mail over SMTP (RFC 5321), with TLS wherever the server offers it and always before a password is sent."""

from __future__ import annotations

import logging
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from domain.errors import InvalidInput, NotConfigured, Unavailable

log = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 20.0
SUBMISSION_PORT: Final = 587
TLS_PORT: Final = 465


class SmtpMailer:
    """The port `Mailer`. One connection for each mail: mails are few, and an idle connection is closed by servers."""

    def __init__(self, url: str | None, *, sender: str | None, tls: ssl.SSLContext | None = None) -> None:
        """Take a mail server's address.

        Args:
            url: ``smtp://user:password@host:587`` or ``smtps://…:465``; None when there is no server.
            sender: The From address, such as ``Backline <hello@example.com>``.
            tls: Which certificates to trust; the system's when None.
        """
        self._parts = urlsplit(url) if url else None
        self._sender = sender
        self._tls = tls

    def require(self) -> str:
        """Check that there is a mail server, and give the From address.

        Raises:
            NotConfigured: There is none.
        """
        if self._parts is None or not self._sender:
            raise NotConfigured("This installation sends no e-mail: set SMTP_URL and MAIL_FROM.")
        return self._sender

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Hand one plain-text mail over.

        Raises:
            InvalidInput: There is no such address: trying again will not help.
            Unavailable: The mail server did not take it.
            NotConfigured: There is no mail server.
        """
        message = _message(self.require(), to, subject, text)
        try:
            async with self._server() as server:
                await server.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(500 <= recipient.code < 600 for recipient in refused.recipients):
                raise InvalidInput("No mail can be sent to this address.") from None
            raise Unavailable("The mail server did not take the mail; try again later.") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            log.warning("The mail server did not take a mail (%s).", type(error).__name__)
            raise Unavailable("The mail server did not take the mail; try again later.") from None

    def _server(self) -> aiosmtplib.SMTP:
        assert self._parts is not None
        implicit = self._parts.scheme == "smtps"
        user = unquote(self._parts.username or "")
        return aiosmtplib.SMTP(
            hostname=self._parts.hostname,
            port=self._parts.port or (TLS_PORT if implicit else SUBMISSION_PORT),
            username=user or None,
            password=unquote(self._parts.password or "") if user else None,
            timeout=TIMEOUT_SECONDS,
            use_tls=implicit,
            start_tls=None if implicit or not user else True,
            tls_context=self._tls,
        )


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    try:
        message["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError):
        raise InvalidInput("This is no e-mail address.") from None
    message["From"] = sender
    message["Subject"] = subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
