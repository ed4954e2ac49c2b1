"""Short messages over Twilio's Messaging API (https://www.twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

import logging
from typing import Final

import httpx

from domain.errors import InvalidInput, NotConfigured, Unavailable

log = logging.getLogger(__name__)

TWILIO_URL: Final = "https://api.twilio.com"
TIMEOUT: Final = httpx.Timeout(10.0)

BAD_NUMBER: Final = frozenset({21211, 21214, 21217, 21407, 21610, 21612, 21614, 21635})
"""Twilio's error codes that blame the number in To: not valid, no mobile phone, not reachable, or unsubscribed."""


class TwilioSms:
    """The port `Sms`."""

    def __init__(
        self,
        *,
        account_sid: str | None,
        auth_token: str | None,
        sender: str | None,
        base_url: str = TWILIO_URL,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Take an account's credentials; without them every message is refused as not configured."""
        self._configured = bool(account_sid and auth_token and sender)
        self._sender = sender or ""
        self._path = f"/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._http = httpx.AsyncClient(
            base_url=base_url, auth=httpx.BasicAuth(account_sid or "", auth_token or ""), timeout=timeout
        )

    def require(self) -> None:
        """Check that there is a carrier.

        Raises:
            NotConfigured: There is none.
        """
        if not self._configured:
            raise NotConfigured(
                "This installation sends no SMS: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM."
            )

    async def send(self, *, to: str, text: str) -> None:
        """Hand one message over; `to` is an E.164 number.

        Raises:
            InvalidInput: No message can be sent to this number: trying again will not help.
            Unavailable: The carrier did not take it.
            NotConfigured: There is no carrier.
        """
        self.require()
        try:
            answer = await self._http.post(self._path, data={"To": to, "From": self._sender, "Body": text})
        except httpx.HTTPError as error:
            log.warning("Twilio did not answer (%s).", type(error).__name__)
            raise Unavailable("The carrier does not answer; try again later.") from None
        if answer.status_code == httpx.codes.CREATED:
            return
        code = _error_code(answer)
        if answer.is_client_error and code in BAD_NUMBER:
            raise InvalidInput("No SMS can be sent to this number.")
        log.warning("Twilio did not take a message: HTTP %d, code %s.", answer.status_code, code)
        raise Unavailable("The carrier did not take the message; try again later.")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _error_code(answer: httpx.Response) -> int | None:
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None
