"""The sandbox's mail server: takes every mail to everybody and puts it into the inbox."""

from __future__ import annotations

import asyncio
import email
import email.policy
from email.message import EmailMessage
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from integrations.sandbox import inbox
from integrations.sandbox.world import World

LARGEST_MAIL: Final = 1024 * 1024
SECONDS: Final = 30.0


class Letterbox:
    """What aiosmtpd asks for each mail."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take a mail: one message for each recipient. It is kept before the sender hears that it was taken."""
        content = envelope.content or b""
        letter = email.message_from_bytes(
            content if isinstance(content, bytes) else content.encode(),
            _class=EmailMessage,
            policy=email.policy.default,
        )
        with self.world.transaction():
            for to in envelope.rcpt_tos:
                inbox.keep_mail(
                    self.world,
                    sender=str(letter["From"] or envelope.mail_from or ""),
                    to=to,
                    subject=str(letter["Subject"] or ""),
                    text=_text(letter),
                )
        return "250 OK"


def _text(letter: EmailMessage) -> str:
    part = letter.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")
    except (LookupError, ValueError):
        return "This mail has a text that cannot be read."


async def listen(world: World, host: str, port: int) -> asyncio.Server:
    """Start to listen in this event loop; close the server to end it."""
    loop = asyncio.get_running_loop()
    letterbox = Letterbox(world)

    def make() -> SMTP:
        return SMTP(
            letterbox,
            hostname="sandbox",
            ident="Backline sandbox",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            timeout=SECONDS,
            loop=loop,
        )

    return await loop.create_server(make, host, port)
