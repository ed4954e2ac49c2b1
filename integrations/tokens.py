"""Access tokens: JWTs signed with one secret (RFC 9068 for their shape, RFC 8725 for their strictness)."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from domain.errors import Unauthenticated
from domain.ports import Claims

ALGORITHM: Final = "HS256"
TYPE: Final = "at+jwt"
SKEW_SECONDS: Final = 5
"""How far the clocks of two of our machines may be apart."""

MAX_LENGTH: Final = 2048
"""Ours have about 400 characters; nothing longer is looked at."""


class JwtTokens:
    """The port `TokenMaker`."""

    def __init__(self, secret: str, *, issuer: str, audience: str = "backline") -> None:
        self._key = OctKey.import_key(secret)
        self._issuer = issuer
        self._audience = audience
        mark = hmac.digest(secret.encode(), b"backline key id", hashlib.sha256)
        self._header: Final = {"alg": ALGORITHM, "typ": TYPE, "kid": mark.hex()[:16]}
        self._rules = jwt.JWTClaimsRegistry(
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            sid={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    def issue(self, claims: Claims) -> str:
        """Sign the claims; how long they hold is the caller's decision."""
        content: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": int(time.time()),
            "exp": int(claims.expires_at.timestamp()),
        }
        return jwt.encode(self._header, content, self._key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Claims:
        """Check signature, algorithm, key, type, issuer, audience and time.

        Raises:
            Unauthenticated: It does not hold.
        """
        if len(token) > MAX_LENGTH:
            raise Unauthenticated("This access token is not one of ours.")
        try:
            found = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            if found.header != self._header:
                raise Unauthenticated("This access token is not one of ours.")
            self._rules.validate(found.claims)
            return Claims(
                user_id=UUID(found.claims["sub"]),
                session_id=UUID(found.claims["sid"]),
                expires_at=datetime.fromtimestamp(found.claims["exp"], UTC),
            )
        except ExpiredTokenError:
            raise Unauthenticated("The access token has expired; refresh the session.") from None
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError):
            raise Unauthenticated("This access token is not one of ours.") from None
