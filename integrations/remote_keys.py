"""Tokens that others sign (JWT, RFC 7519), checked with the public keys that they publish (JWKS, RFC 7517)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, RSAKey

from domain.errors import Unauthenticated
from integrations.http import Line
from integrations.json_objects import JsonObject, read_json
from integrations.kept import Kept

SKEW_SECONDS: Final = 30
"""How far a vendor's clock and ours may be apart."""

KEPT_SECONDS: Final = 60 * 60.0
UNKNOWN_SECONDS: Final = 30.0
"""A token that names a key we have not heard of makes us ask for the keys, but not more often than this."""

MAX_LENGTH: Final = 32_768
"""A token that lists somebody's accounts has a few thousand characters."""

MAX_SUBJECT: Final = 200
LEAST_MODULUS: Final = 342
"""Characters of base64 in 2048 bits; shorter RSA keys are not trusted."""

Keys = Mapping[str, ECKey | RSAKey]


class RemoteKeys:
    """Reads tokens of one issuer for one audience, signed with one algorithm.

    Neither the algorithm nor the key is taken from the token: its header only says which of the issuer's keys to use.
    """

    def __init__(
        self,
        line: Line,
        path: str,
        *,
        algorithm: str,
        issuer: str,
        audience: str,
        kept_seconds: float = KEPT_SECONDS,
        unknown_seconds: float = UNKNOWN_SECONDS,
    ) -> None:
        self._line = line
        self._path = path
        self._algorithm = algorithm
        self._kept_seconds = kept_seconds
        self._unknown_seconds = unknown_seconds
        self._keys: Kept[Keys] = Kept(self._fetch)
        self._rules = jwt.JWTClaimsRegistry(
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    async def read(self, token: str) -> dict[str, Any]:
        """Check signature, issuer, audience and time; gives what the token says.

        Raises:
            Unauthenticated: It does not hold.
            RateLimited: The keys cannot be fetched just now.
            Unavailable: As above.
        """
        if len(token) > MAX_LENGTH or not token.isascii():
            raise self._refusal()
        key = await self._find(_key_id(token, self._algorithm))
        if key is None:
            raise self._refusal()
        try:
            claims = jwt.decode(token, key, algorithms=[self._algorithm]).claims
            self._rules.validate(claims)
        except ExpiredTokenError:
            raise Unauthenticated(f"{self._line.vendor}'s token has expired; get a new one.") from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise self._refusal() from None
        if not (len(claims["sub"]) <= MAX_SUBJECT and claims["sub"].isprintable()):
            raise self._refusal()
        return claims

    async def aclose(self) -> None:
        """Stop what runs."""
        await self._keys.aclose()

    async def _find(self, key_id: str | None) -> ECKey | RSAKey | None:
        if key_id is None:
            return None
        known = await self._keys.get()
        if key_id not in known:
            known = await self._keys.get(tried_within=self._unknown_seconds)
        return known.get(key_id)

    async def _fetch(self) -> tuple[Keys, float]:
        answer = await self._line.ask("GET", self._path)
        if answer.status_code != httpx.codes.OK:
            raise self._line.refused(answer)
        found = read_json(self._line.vendor, answer)
        keys = {}
        for each in found.parts("keys"):
            key = _import(each, self._algorithm)
            if key is not None:
                keys[each.text("kid")] = key
        return keys, self._kept_seconds

    def _refusal(self) -> Unauthenticated:
        return Unauthenticated(f"This is no token of {self._line.vendor}'s for this app.")


def _key_id(token: str, algorithm: str) -> str | None:
    """Tell which key a token says that it was signed with; None when it is none, or says another algorithm."""
    written = token.partition(".")[0]
    try:
        header = orjson.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(header, dict) or header.get("alg") != algorithm:
        return None
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None


def _import(published: JsonObject, algorithm: str) -> ECKey | RSAKey | None:
    """Make a key of what was published; None for keys of other kinds, or for other uses."""
    texts = {name: published.maybe_text(name) or "" for name in ("kty", "crv", "x", "y", "n", "e", "use", "alg", "kid")}
    if texts["use"] not in ("", "sig") or texts["alg"] not in ("", algorithm) or not texts["kid"]:
        return None
    try:
        if algorithm == "ES256" and texts["kty"] == "EC" and texts["crv"] == "P-256":
            return ECKey.import_key({name: texts[name] for name in ("kty", "crv", "x", "y")})
        if algorithm == "RS256" and texts["kty"] == "RSA" and len(texts["n"]) >= LEAST_MODULUS:
            return RSAKey.import_key({name: texts[name] for name in ("kty", "n", "e")})
    except (JoseError, ValueError, TypeError):
        return None
    return None
