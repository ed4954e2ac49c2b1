"""Privy's tokens (https://docs.privy.io/authentication/user-authentication/access-tokens), read with its public keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

import orjson

from domain.addresses import Address, clean_email, clean_phone
from domain.connections import Profile
from domain.errors import InvalidInput, NotConfigured, Unauthenticated
from integrations.http import PATIENCE, Line, Patience
from integrations.remote_keys import RemoteKeys

PRIVY_URL: Final = "https://auth.privy.io"
ISSUER: Final = "privy.io"
SUBJECT: Final = re.compile(r"did:privy:[A-Za-z0-9_-]{1,100}")
MAX_ACCOUNTS: Final = 100


class Privy:
    """The port `WalletTokens`."""

    def __init__(self, *, app_id: str | None, base_url: str = PRIVY_URL, patience: Patience = PATIENCE) -> None:
        """Take the app's id; without it everything is refused as not configured."""
        self._line = Line("Privy", base_url, patience=patience)
        self._keys: RemoteKeys | None = None
        if app_id:
            path = f"/api/v1/apps/{quote(app_id, safe='')}/jwks.json"
            self._keys = RemoteKeys(self._line, path, algorithm="ES256", issuer=ISSUER, audience=app_id)

    def require(self) -> RemoteKeys:
        """Check that there is an app.

        Raises:
            NotConfigured: There is none.
        """
        if self._keys is None:
            raise NotConfigured("This installation has no app at Privy: set PRIVY_APP_ID.")
        return self._keys

    async def read(self, access_token: str, identity_token: str | None = None) -> Profile:
        """Check a token and say whose it is; raises as the port says."""
        keys = self.require()
        access = await keys.read(access_token)
        subject = access["sub"]
        # An identity token tells of somebody and lets nobody in.
        if not SUBJECT.fullmatch(subject) or "linked_accounts" in access:
            raise Unauthenticated("This is no access token of Privy's for this app.")
        if identity_token is None:
            return Profile(subject=subject)
        claims = await keys.read(identity_token)
        if claims["sub"] != subject:
            raise Unauthenticated("The two tokens are of two people.", "identityToken")
        accounts = list(_accounts(claims.get("linked_accounts")))
        return Profile(
            subject=subject,
            email=_first(accounts, "email", ("address",), clean_email),
            phone=_first(accounts, "phone", ("number", "phone_number", "phoneNumber"), clean_phone),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._keys is not None:
            await self._keys.aclose()
        await self._line.aclose()


def _accounts(listed: object) -> Iterator[dict[str, Any]]:
    """Read somebody's accounts: a list, or the text of one in JSON."""
    if isinstance(listed, str):
        try:
            listed = orjson.loads(listed)
        except orjson.JSONDecodeError:
            return
    if isinstance(listed, list):
        yield from (each for each in listed[:MAX_ACCOUNTS] if isinstance(each, dict))


def _first(
    accounts: list[dict[str, Any]], kind: str, names: tuple[str, ...], clean: Callable[[str], Address]
) -> str | None:
    """Give the first address of a kind that can be one; Privy has had a code sent to each."""
    texts = (each.get(name) for each in accounts if each.get("type") == kind for name in names)
    for text in texts:
        try:
            if isinstance(text, str):
                return clean(text).text
        except InvalidInput:
            continue
    return None
