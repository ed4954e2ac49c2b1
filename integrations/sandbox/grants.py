"""What an authorization server of the sandbox has in its books: codes, and the tokens that came of them.

A grant is somebody's permission for one client. Codes, access tokens and refresh tokens belong to a grant; when it is
revoked, all of them hold no more.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from integrations.sandbox import issued
from integrations.sandbox.world import World

CODE_SECONDS: Final = 60
ACCESS_SECONDS: Final = 3600


class Rotation(StrEnum):
    """What becomes of a refresh token that is used."""

    BY_USER = "by_user"
    """It stays, unless the person's switch `rotate` is on: then there is a new one and the old one is dead."""

    ALWAYS = "always"
    """There is a new one; whoever comes with the old one again ends the whole grant."""

    NEVER = "never"
    """It stays."""


class Refused(Exception):
    """An answer of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True)
class Asked:
    """What a client asks somebody for; it comes with the authorize page's address.

    Attributes:
        redirect_uri: where the answer goes.
        scope: what is wanted, separated by spaces.
        state: comes back as it is.
        challenge: of PKCE, S256.
        nonce: goes into an ID token.
        form_post: whether the answer goes there by a form that the browser posts, instead of in the address.
        issuer: what the server calls itself in its answer (RFC 9207), if it does.
    """

    redirect_uri: str
    scope: str
    state: str | None
    challenge: str | None
    nonce: str | None
    form_post: bool = False
    issuer: str | None = None


@dataclass(frozen=True)
class Given:
    """Tokens that were given out just now; `refresh_token` is None where the client keeps the one it has."""

    user: str
    scope: str
    access_token: str
    refresh_token: str | None
    nonce: str | None = None


class Grants:
    """The books of one vendor."""

    def __init__(self, world: World, vendor: str, client_id: str, rotation: Rotation) -> None:
        self.world, self.vendor, self.client_id, self.rotation = world, vendor, client_id, rotation

    def _kind(self, what: str) -> str:
        return f"{self.vendor}_{what}"

    # Codes

    def permit(self, user: str, asked: Asked) -> str:
        """Write down what somebody allowed; returns the code."""
        code = issued.make(self.world, self.vendor, "code", user)
        value = {
            "user": user,
            "scope": asked.scope,
            "redirect_uri": asked.redirect_uri,
            "challenge": asked.challenge,
            "nonce": asked.nonce,
            "expires_at": self.world.now() + CODE_SECONDS,
            "grant": None,
        }
        self.world.put(self._kind("code"), code, value)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str | None) -> Given:
        """Turn a code into tokens, once; any attempt spends it.

        Raises:
            Refused: It does not count. When it was used before, what it gave then holds no more (RFC 6749 §4.1.2).
        """
        found = self.world.get(self._kind("code"), code)
        if found is None:
            raise Refused("invalid_grant", "Invalid authorization code")
        if found["grant"] is not None:
            self.revoke_grant(found["grant"])
            raise Refused("invalid_grant", "Authorization code was used before")
        grant = secrets.token_hex(8)
        self.world.put(self._kind("code"), code, found | {"grant": grant})
        if found["expires_at"] <= self.world.now():
            raise Refused("invalid_grant", "Authorization code expired")
        if found["redirect_uri"] != redirect_uri:
            raise Refused("invalid_grant", "Invalid redirect URI")
        if found["challenge"] is not None and not _verifies(found["challenge"], verifier):
            raise Refused("invalid_grant", "code_verifier was incorrect")
        about = {"user": found["user"], "scope": found["scope"], "live": True}
        self.world.put(self._kind("grant"), grant, about)
        access = self._make_access(grant, about)
        return Given(about["user"], about["scope"], access, self._make_refresh(grant, about), found["nonce"])

    # Tokens

    def renew(self, refresh_token: str) -> Given:
        """Give the next access token.

        Raises:
            Refused: The refresh token does not count.
        """
        kind = self._kind("refresh")
        found = self.world.get(kind, refresh_token)
        about = self.world.get(self._kind("grant"), found["grant"]) if found else None
        if found is None or about is None:
            raise Refused("invalid_grant", "Invalid refresh token")
        if found["used"] and self.rotation is Rotation.ALWAYS:
            self.revoke_grant(found["grant"])
        if found["used"] or not about["live"]:
            raise Refused("invalid_grant", "Refresh token revoked")
        rotated = None
        if self._rotates(about["user"]):
            self.world.put(kind, refresh_token, found | {"used": True})
            rotated = self._make_refresh(found["grant"], about)
        return Given(about["user"], about["scope"], self._make_access(found["grant"], about), rotated)

    def _rotates(self, user: str) -> bool:
        if self.rotation is Rotation.BY_USER:
            return bool((self.world.get(self._kind("user"), user) or {}).get("rotate"))
        return self.rotation is Rotation.ALWAYS

    def _make_access(self, grant: str, about: dict[str, Any]) -> str:
        token = issued.make(self.world, self.vendor, "access", about["user"])
        value = {"grant": grant, "expires_at": self.world.now() + ACCESS_SECONDS}
        self.world.put(self._kind("access"), token, value)
        return token

    def _make_refresh(self, grant: str, about: dict[str, Any]) -> str:
        token = issued.make(self.world, self.vendor, "refresh", about["user"])
        self.world.put(self._kind("refresh"), token, {"grant": grant, "used": False})
        return token

    def serve_itself(self) -> str:
        """Give the client an access token of its own, for nobody's data (client credentials)."""
        grant, about = secrets.token_hex(8), {"user": None, "scope": "", "live": True}
        self.world.put(self._kind("grant"), grant, about)
        return self._make_access(grant, about)

    def look_up(self, access_token: str) -> dict[str, Any] | None:
        """Find what an access token is for: `{user, scope, live, expired}`; None when nobody ever gave it."""
        found = self.world.get(self._kind("access"), access_token)
        about = self.world.get(self._kind("grant"), found["grant"]) if found else None
        if found is None or about is None:
            return None
        return about | {"expired": found["expires_at"] <= self.world.now()}

    # The end of things

    def revoke(self, token: str) -> None:
        """End a token (RFC 7009): a refresh token ends the grant. A token that is not known is no error."""
        if self.world.delete(self._kind("access"), token):
            return
        found = self.world.get(self._kind("refresh"), token)
        if found is not None:
            self.revoke_grant(found["grant"])

    def revoke_grant(self, grant: str) -> None:
        """End a grant and every token of it."""
        about = self.world.get(self._kind("grant"), grant)
        if about is not None:
            self.world.put(self._kind("grant"), grant, about | {"live": False})

    def revoke_user(self, user: str) -> int:
        """End everything that somebody ever allowed, as they can on the vendor's own pages; returns how many grants."""
        grants = [key for key, about in self.live_grants().items() if about["user"] == user]
        for grant in grants:
            self.revoke_grant(grant)
        return len(grants)

    def expire_user(self, user: str) -> int:
        """Let somebody's access tokens be too old; their refresh tokens live. Returns how many there were."""
        grants = {key for key, about in self.live_grants().items() if about["user"] == user}
        tokens = {
            token: found
            for token, found in self.world.all(self._kind("access")).items()
            if found["grant"] in grants and found["expires_at"] > self.world.now()
        }
        for token, found in tokens.items():
            self.world.put(self._kind("access"), token, found | {"expires_at": self.world.now()})
        return len(tokens)

    def live_grants(self) -> dict[str, dict[str, Any]]:
        """The grants that hold."""
        return {key: about for key, about in self.world.all(self._kind("grant")).items() if about["live"]}


def _verifies(challenge: str, verifier: str | None) -> bool:
    if verifier is None or not 43 <= len(verifier) <= 128 or not verifier.isascii():
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return secrets.compare_digest(made, challenge)
