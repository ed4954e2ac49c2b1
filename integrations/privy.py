"""Privy's tokens."""

from __future__ import annotations

from typing import Final

from domain.connections import Profile
from domain.errors import NotConfigured

PRIVY_URL: Final = "https://auth.privy.io"


class Privy:
    """The port `WalletTokens`."""

    def __init__(self, *, app_id: str | None, base_url: str = PRIVY_URL) -> None:
        self._configured = bool(app_id)

    def require(self) -> object:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._configured:
            raise NotConfigured("This installation has no app at Privy: set PRIVY_APP_ID.")
        return None

    async def read(self, access_token: str, identity_token: str | None = None) -> Profile:
        """Check a token and say whose it is."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections."""
