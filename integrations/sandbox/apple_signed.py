"""What a developer signs for Apple: tokens of ES256 that name the team and the key, for six months at most."""

from __future__ import annotations

from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from integrations.sandbox.registration import Registration

LONGEST: Final = 15_777_000
CLOCK_SKEW: Final = 60


class NotSigned(ValueError):
    """A token that does not prove what it should; the message says why."""


def check(registration: Registration, token: str, now: float) -> dict[str, Any]:
    """Check a token of ours; returns its claims.

    Raises:
        NotSigned: It does not hold.
    """
    try:
        key = ECKey.import_key(registration.apple_public_key)
        found = jwt.decode(token, key, algorithms=["ES256"])
    except (JoseError, ValueError):
        raise NotSigned("The signature does not hold.") from None
    claims = found.claims
    if found.header.get("kid") != registration.apple_key_id:
        raise NotSigned("There is no key of that kid.")
    if claims.get("iss") != registration.apple_team_id:
        raise NotSigned("iss is not the key's team.")
    began, ends = claims.get("iat"), claims.get("exp")
    if type(began) is not int or type(ends) is not int:
        raise NotSigned("iat and exp must be whole numbers.")
    if not began - CLOCK_SKEW <= now < ends:
        raise NotSigned("It is not valid now.")
    if ends - began > LONGEST:
        raise NotSigned("exp must be within six months of iat.")
    return claims
