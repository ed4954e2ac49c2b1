"""Sign in with Apple (https://developer.apple.com/documentation/signinwithapplerestapi)."""

from __future__ import annotations

import hmac
from typing import Any, Final

from domain.addresses import clean_email
from domain.connections import AccessEnded, FlowPurpose, Profile, Tokens
from domain.errors import InvalidInput, NotConfigured, Unauthenticated
from integrations.apple_keys import AppleKey
from integrations.http import PATIENCE, Line, Patience
from integrations.oauth import Client, OAuthDoor, check_issuer
from integrations.remote_keys import RemoteKeys

APPLE_ID_URL: Final = "https://appleid.apple.com"
ISSUER: Final = "https://appleid.apple.com"
"""What Apple calls itself in what it signs and wants to be called in what we sign, wherever it is reached."""

PROOF_SECONDS: Final = 5 * 60


class AppleId:
    """The port `OAuthProvider`, for signing in only.

    Apple answers by a form that the browser posts (`response_mode=form_post`), because an address is asked for. It
    knows no PKCE: the challenge goes out and counts for nothing. What binds its answer to the browser that asked is the
    nonce, which comes back inside of what Apple signs.
    """

    def __init__(
        self,
        *,
        client_id: str | None,
        redirect_uri: str,
        base_url: str = APPLE_ID_URL,
        team_id: str | None,
        key_id: str | None,
        private_key: str | None,
        patience: Patience = PATIENCE,
    ) -> None:
        """Take the Services ID and the team's key; without them everything is refused as not configured."""
        self._key = AppleKey(team_id=team_id, key_id=key_id, private_key=private_key)
        self._client_id = client_id or ""
        self._line = Line("Apple", base_url, patience=patience)
        self._door = OAuthDoor(
            self._line,
            Client(self._client_id, self._sign_proof, redirect_uri, in_header=False),
            authorize_url=f"{base_url}/auth/authorize",
            token_path="/auth/token",  # noqa: S106 -- a path
            revoke_path="/auth/revoke",
        )
        self._keys = RemoteKeys(self._line, "/auth/keys", algorithm="RS256", issuer=ISSUER, audience=self._client_id)

    def require(self) -> OAuthDoor:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._client_id:
            raise NotConfigured("This installation has no Services ID of Apple's: set APPLE_CLIENT_ID.")
        self._key.require()
        return self._door

    def authorization_url(self, purpose: FlowPurpose, *, state: str, code_verifier: str, nonce: str) -> str:
        """Make the address of Apple's page."""
        return self.require().authorization_url(
            "email", state=state, code_verifier=code_verifier, nonce=nonce, response_mode="form_post"
        )

    def check_issuer(self, issuer: str | None) -> None:
        """Check the `iss` that came back with a code; Apple sends none.

        Raises:
            InvalidInput: It is another's.
        """
        check_issuer(issuer, expected=ISSUER, always=False)

    async def exchange(self, code: str, *, code_verifier: str, nonce: str) -> tuple[Tokens, Profile]:
        """Turn a code into tokens, and read in what Apple signed whose they are; raises as the port says."""
        tokens, answer = await self.require().exchange(code, code_verifier=code_verifier, asked="email")
        try:
            claims = await self._keys.read(answer.text("id_token"))
        except Unauthenticated:
            raise AccessEnded("What Apple signed does not hold; begin anew.") from None
        signed = claims.get("nonce")
        if not (isinstance(signed, str) and hmac.compare_digest(signed.encode(), nonce.encode())):
            raise AccessEnded("What Apple signed was meant for another sign-in; begin anew.")
        return tokens, Profile(subject=claims["sub"], email=_verified_email(claims))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; raises as the port says."""
        return await self.require().refresh(tokens)

    async def revoke(self, tokens: Tokens) -> None:
        """End our access; raises as the port says."""
        await self.require().revoke(tokens)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._keys.aclose()
        await self._line.aclose()

    def _sign_proof(self) -> str:
        return self._key.sign(PROOF_SECONDS, sub=self._client_id, aud=ISSUER)


def _verified_email(claims: dict[str, Any]) -> str | None:
    """Read the address; Apple writes what is true as a boolean or as a text."""
    email, verified = claims.get("email"), claims.get("email_verified")
    if not (verified is True or verified == "true") or not isinstance(email, str):
        return None
    try:
        return clean_email(email).text
    except InvalidInput:
        return None
