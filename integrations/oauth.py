"""The client's side of OAuth 2.0 with PKCE (RFC 6749, 7636, 7009, 9207, 9700), as all our providers speak it.

Authlib writes the requests and signs them. Its whole client is not used: it keeps the last token in itself, which is
one person's while the next one is served, and renews it when it thinks fit; here that is the caller's decision.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from domain.connections import MAX_TOKEN, AccessEnded, Tokens
from domain.errors import InvalidInput
from integrations.http import Line
from integrations.json_objects import JsonObject, read_json

log = logging.getLogger(__name__)

TOKEN: Final = re.compile(rf"[\x21-\x7e]{{1,{MAX_TOKEN}}}")
"""RFC 6749 (appendix A) allows visible ASCII; nothing else can stand in a header."""

MAX_CODE: Final = 2048
MAX_SCOPES: Final = 2000
A_YEAR: Final = 366 * 24 * 60 * 60

ERRORS: Final = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_token_type",
    }
)
"""The words of RFC 6749 and 7009; only these go into the log."""


@dataclass(frozen=True)
class Client:
    """What the provider knows us as.

    Attributes:
        client_id: Our public name there.
        secret: Makes what proves that it is us; a word that stays, or a token that we sign each time.
        redirect_uri: The one address that people are sent back to, to the letter.
        in_header: Whether the proof goes into the header (HTTP Basic) rather than into the form.
    """

    client_id: str
    secret: Callable[[], str] = field(repr=False)
    redirect_uri: str
    in_header: bool = True


class OAuthDoor:
    """One provider's endpoints, as our client uses them."""

    def __init__(
        self, line: Line, client: Client, *, authorize_url: str, token_path: str, revoke_path: str | None = None
    ) -> None:
        self._line = line
        self._client = client
        self._authorize_url = authorize_url
        self._token_path = token_path
        self._revoke_path = revoke_path

    def authorization_url(self, scope: str, *, state: str, code_verifier: str, **more: str) -> str:
        """Make the address of the provider's page, with the challenge of the verifier."""
        address: str = prepare_grant_uri(
            self._authorize_url,
            self._client.client_id,
            "code",
            redirect_uri=self._client.redirect_uri,
            scope=scope,
            state=state,
            code_challenge=create_s256_code_challenge(code_verifier),
            code_challenge_method="S256",
            **more,
        )
        return address

    async def exchange(self, code: str, *, code_verifier: str, asked: str) -> tuple[Tokens, JsonObject]:
        """Turn a code into tokens; gives the whole answer as well.

        Args:
            code: The code that came back.
            code_verifier: The verifier whose challenge went out.
            asked: The scopes that were asked for: those that were given, unless the answer says otherwise.

        Raises:
            AccessEnded: The code does not count.
            RateLimited: Later.
            Unavailable: The provider does not answer, or not in a way that can be understood.
        """
        if not 0 < len(code) <= MAX_CODE:
            raise AccessEnded(f"This code of {self._line.vendor}'s does not count; begin anew.")
        return await self._ask_for_tokens(
            prepare_token_request(
                "authorization_code", redirect_uri=self._client.redirect_uri, code=code, code_verifier=code_verifier
            ),
            asked.split(),
        )

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; a refresh token that is not replaced stays. Raises as `exchange`."""
        if tokens.refresh_token is None:
            raise AccessEnded(f"The access to {self._line.vendor} has ended; connect it again.")
        form = prepare_token_request("refresh_token", refresh_token=tokens.refresh_token)
        renewed, _ = await self._ask_for_tokens(form, tokens.scopes)
        if renewed.refresh_token is not None:
            return renewed
        return Tokens(renewed.access_token, tokens.refresh_token, renewed.expires_at, renewed.scopes)

    async def app_token(self) -> Tokens:
        """Get a token of our own, which acts for nobody (client credentials). Raises as `exchange`."""
        tokens, _ = await self._ask_for_tokens(prepare_token_request("client_credentials"), ())
        return tokens

    async def revoke(self, tokens: Tokens) -> None:
        """End our access (RFC 7009), where the provider can: the refresh token first, all that came of it ends with it.

        Raises:
            RateLimited: Later.
            Unavailable: The provider does not answer.
        """
        if self._revoke_path is None:
            return
        kinds = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
        for hint, token in kinds.items():
            if token is None:
                continue
            form, _ = prepare_revoke_token_request(token, hint)
            answer = await self._post(self._revoke_path, form)
            # What does not hold any more need not be ended: RFC 7009 answers 200, some say that the grant is invalid.
            if answer.status_code != httpx.codes.OK and _error(answer, self._line.vendor) != "invalid_grant":
                raise self._line.refused(answer, _error(answer, self._line.vendor))

    async def _ask_for_tokens(self, form: str, scopes: list[str] | tuple[str, ...]) -> tuple[Tokens, JsonObject]:
        asked_at = datetime.now(UTC)
        answer = await self._post(self._token_path, form)
        if answer.status_code != httpx.codes.OK:
            error = _error(answer, self._line.vendor)
            if error == "invalid_grant":
                raise AccessEnded(f"{self._line.vendor} does not accept this any more; connect it again.")
            raise self._line.refused(answer, error)
        found = read_json(self._line.vendor, answer)
        return self._read_tokens(found, asked_at, scopes), found

    def _read_tokens(self, found: JsonObject, asked_at: datetime, scopes: list[str] | tuple[str, ...]) -> Tokens:
        access, refresh = found.text("access_token"), found.maybe_text("refresh_token")
        seconds, scope = found.maybe_number("expires_in"), found.maybe_text("scope")
        fine = (
            found.text("token_type").lower() == "bearer"
            and TOKEN.fullmatch(access)
            and (refresh is None or TOKEN.fullmatch(refresh))
            and (seconds is None or 0 < seconds <= A_YEAR)
            and (scope is None or len(scope) <= MAX_SCOPES)
        )
        if not fine:
            log.warning("%s gave tokens that cannot be used.", self._line.vendor)
            raise self._line.silent()
        return Tokens(
            access_token=access,
            refresh_token=refresh,
            expires_at=None if seconds is None else asked_at + timedelta(seconds=seconds),
            scopes=tuple(scopes if scope is None else scope.split()),
        )

    async def _post(self, path: str, form: str) -> httpx.Response:
        client = self._client
        if client.in_header:
            # Both are encoded as in a form before they go into the header (RFC 6749, 2.3.1).
            proof = ClientAuth(quote_plus(client.client_id), quote_plus(client.secret()), "client_secret_basic")
        else:
            proof = ClientAuth(client.client_id, client.secret(), "client_secret_post")
        _, headers, form = proof.prepare("POST", path, {}, form)
        return await self._line.ask("POST", path, form=form, headers=headers)


def check_issuer(issuer: str | None, *, expected: str, always: bool) -> None:
    """Check who says that a code is theirs (RFC 9207).

    Args:
        issuer: What came back.
        expected: What the provider calls itself.
        always: Whether this provider always says so.

    Raises:
        InvalidInput: It is another's, or is missing though it should be there.
    """
    if issuer is None and not always:
        return
    if issuer != expected:
        raise InvalidInput("This answer comes from another provider than the one that was asked.", "iss")


def is_token(text: str) -> bool:
    """Whether a text could be somebody's token: visible ASCII, and not too much of it."""
    return TOKEN.fullmatch(text) is not None


def _error(answer: httpx.Response, vendor: str) -> str | None:
    """Read what an answer of 4xx says in the words of the standard; None for any other word."""
    error = read_json(vendor, answer).maybe_text("error")
    return error if error in ERRORS else None
