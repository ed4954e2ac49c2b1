"""Telephone numbers proved by Twilio Verify (https://www.twilio.com/docs/verify)."""

from __future__ import annotations

from typing import Final

from domain.errors import NotConfigured

VERIFY_URL: Final = "https://verify.twilio.com"


class TwilioVerify:
    """The port `Telephones`."""

    def __init__(
        self,
        *,
        account_sid: str | None,
        auth_token: str | None,
        service_sid: str | None,
        base_url: str = VERIFY_URL,
    ) -> None:
        self._configured = bool(account_sid and auth_token and service_sid)

    def require(self) -> object:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._configured:
            raise NotConfigured(
                "This installation sends no SMS: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_VERIFY_SERVICE_SID."
            )
        return None

    async def send_code(self, to: str) -> None:
        """Have a code sent."""
        raise NotImplementedError

    async def check_code(self, to: str, code: str) -> bool:
        """Ask whether this is the code that was sent; a right one counts once."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections."""
