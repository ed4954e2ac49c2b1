"""The demo's post: mails and short messages that nobody receives, written to the log for who runs it."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class ConsoleMailer:
    """The port `Mailer`, for the demo alone."""

    def require(self) -> None:
        """There is always a log."""

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Write one line, such as ``mail to mina@demo.example: Your code is 123456``."""
        del subject
        log.info("mail to %s: %s", one_line(to), one_line(text))


class ConsoleSms:
    """The port `Sms`, for the demo alone."""

    def require(self) -> None:
        """There is always a log."""

    async def send(self, *, to: str, text: str) -> None:
        """Write one line, such as ``sms to +4915112345678: Your code is 123456``."""
        log.info("sms to %s: %s", one_line(to), one_line(text))


def one_line(text: str) -> str:
    """Fold white space and drop control characters, so that a text cannot pretend to be another line of the log."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
