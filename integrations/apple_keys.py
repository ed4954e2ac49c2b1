"""Tokens that we sign for Apple with the key it gave us (ES256): they prove the app, in place of a secret."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from domain.errors import NotConfigured

log = logging.getLogger(__name__)

CURVE: Final = "P-256"


class AppleKey:
    """One of a team's keys. Without it, or with one that is none, signing is refused as not configured."""

    def __init__(self, *, team_id: str | None, key_id: str | None, private_key: str | None) -> None:
        self._team_id = team_id
        self._key_id = key_id
        self._key = _read(private_key) if team_id and key_id and private_key else None

    def require(self) -> ECKey:
        """Check that there is a key, and give it.

        Raises:
            NotConfigured: There is none.
        """
        if self._key is None:
            raise NotConfigured(
                "This installation has no key of Apple's: set APPLE_TEAM_ID, APPLE_KEY_ID and APPLE_PRIVATE_KEY."
            )
        return self._key

    def sign(self, seconds: int, **claims: Any) -> str:
        """Make a token of our team's that holds for so long from now.

        Raises:
            NotConfigured: There is no key.
        """
        key, now = self.require(), int(time.time())
        content = {"iss": self._team_id, "iat": now, "exp": now + seconds, **claims}
        return jwt.encode({"alg": "ES256", "kid": self._key_id}, content, key, algorithms=["ES256"])


def _read(private_key: str) -> ECKey | None:
    try:
        key = ECKey.import_key(private_key)
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or not key.is_private or key.curve_name != CURVE:
        log.error("APPLE_PRIVATE_KEY is no private key on the curve P-256; what needs Apple is switched off.")
        return None
    return key
