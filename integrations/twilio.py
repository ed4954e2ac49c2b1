"""Telephone numbers proved by Twilio Verify, version 2 (https://www.twilio.com/docs/verify/api).

Twilio makes the code, sends it and checks it; we never see it before the person types it.
"""

from __future__ import annotations

import logging
import re
from typing import Final

import httpx

from domain.errors import DomainError, Expired, InvalidInput, NotConfigured, RateLimited
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import read_json

log = logging.getLogger(__name__)

VERIFY_URL: Final = "https://verify.twilio.com"
CODE: Final = re.compile(r"[0-9]{4,10}")

BAD_NUMBER: Final = frozenset({21211, 21214, 21217, 21408, 21610, 21612, 21614, 21635, 60200, 60205, 60238, 60605})
"""Twilio's error codes that blame the number: no such number, no mobile telephone, not reachable, a country that is
shut off, unsubscribed."""

HASTE: Final = {60202: 600.0, 60203: 600.0, 60212: 10.0, 60410: 12 * 60 * 60.0}
"""Error codes that pass with time, and after how many seconds: guessed or sent too often within ten minutes, several at
once, a range of numbers that is shut off for half a day because of fraud."""

MAX_GUESSES: Final = 60202
OVER: Final = frozenset({"max_attempts_reached", "expired", "canceled", "failed", "deleted"})


class TwilioVerify:
    """The port `Telephones`."""

    def __init__(
        self,
        *,
        account_sid: str | None,
        auth_token: str | None,
        service_sid: str | None,
        base_url: str = VERIFY_URL,
        patience: Patience = PATIENCE,
    ) -> None:
        """Take an account's credentials and the Verify service; without them everything is not configured."""
        self._configured = bool(account_sid and auth_token and service_sid)
        self._path = f"/v2/Services/{service_sid}"
        auth = httpx.BasicAuth(account_sid or "", auth_token or "")
        self._line = Line("Twilio", base_url, auth=auth, patience=patience)

    def require(self) -> None:
        """Check that there is a carrier.

        Raises:
            NotConfigured: There is none.
        """
        if not self._configured:
            raise NotConfigured(
                "This installation sends no SMS: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and "
                "TWILIO_VERIFY_SERVICE_SID."
            )

    async def send_code(self, to: str) -> None:
        """Have a code sent to an E.164 number; raises as the port says."""
        answer = await self._post("/Verifications", {"To": to, "Channel": "sms"})
        if answer.is_client_error:
            raise self._refusal(answer, _error_code(answer))
        if read_json("Twilio", answer).text("status") != "pending":
            log.warning("Twilio did not begin a verification.")
            raise self._line.silent()

    async def check_code(self, to: str, code: str) -> bool:
        """Ask whether this is the code that was sent; raises as the port says."""
        self.require()
        if not CODE.fullmatch(code):
            return False
        answer = await self._post("/VerificationCheck", {"To": to, "Code": code})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise _expired()
        if answer.is_client_error:
            error = _error_code(answer)
            raise _expired() if error == MAX_GUESSES else self._refusal(answer, error)
        status = read_json("Twilio", answer).text("status")
        if status in OVER:
            raise _expired()
        if status not in ("approved", "pending"):
            log.warning("Twilio gave a verification a state that is not known.")
            raise self._line.silent()
        return status == "approved"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        self.require()
        return await self._line.ask("POST", self._path + path, form=form, haste_told=False)

    def _refusal(self, answer: httpx.Response, code: int | None) -> DomainError:
        if code in HASTE:
            seconds = HASTE[code]
            return RateLimited("No more codes are sent to this number for now.", retry_after_seconds=seconds)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return self._line.hasty(answer)
        if code in BAD_NUMBER:
            return InvalidInput("No code can be sent to this number.")
        return self._line.refused(answer, code)


def _expired() -> Expired:
    return Expired("This code does not count any more; ask for a new one.")


def _error_code(answer: httpx.Response) -> int | None:
    """Read Twilio's own number for an error, from an answer that may come from a box on the way to it."""
    try:
        code = read_json("Twilio", answer).maybe_number("code")
    except DomainError:
        return None
    return int(code) if code is not None else None
