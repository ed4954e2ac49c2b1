"""The keys that twins sign with: made once, kept in the world, and shown to everybody as a JWKS."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from integrations.sandbox.world import World

Json = dict[str, Any]
Key = ECKey | RSAKey

FIRST: Final[WeakKeyDictionary[World, dict[str, Json]]] = WeakKeyDictionary()
"""The first key of each vendor. A world may be told to forget everything, but who fetched this key may use it still."""


class SigningKeys:
    """One vendor's keys, the newest last. The newest signs; the one before it is shown still."""

    def __init__(self, world: World, vendor: str, algorithm: str) -> None:
        self.world, self.vendor, self.algorithm = world, vendor, algorithm

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its `kid`."""
        kept = self._kept()
        made = self._make(f"{self.vendor}-{kept['number'] + 1}")
        self.world.put("signing_keys", self.vendor, {"number": kept["number"] + 1, "keys": [kept["keys"][-1], made]})
        return str(made["kid"])

    def sign(self, claims: Json, *, kid: str | None = None) -> str:
        """Sign; with another `kid` in the header if a test wants one."""
        key = self._read(self._kept()["keys"][-1])
        return jwt.encode({"alg": self.algorithm, "kid": kid or key.kid}, claims, key, algorithms=[self.algorithm])

    def sign_wrongly(self, claims: Json) -> str:
        """Sign with a key that nobody knows, under the name of the one that everybody does."""
        kid = self._kept()["keys"][-1]["kid"]
        key = self._read(self._make(kid))
        return jwt.encode({"alg": self.algorithm, "kid": kid}, claims, key, algorithms=[self.algorithm])

    def show(self) -> Json:
        """The public halves, as a JWKS."""
        return dict(KeySet([self._read(key) for key in self._kept()["keys"]]).as_dict(private=False))

    def _kept(self) -> Json:
        first, kept = FIRST.setdefault(self.world, {}), self.world.get("signing_keys", self.vendor)
        if kept is None:
            if self.vendor not in first:
                first[self.vendor] = self._make(f"{self.vendor}-1")
            kept = {"number": 1, "keys": [first[self.vendor]]}
            self.world.put("signing_keys", self.vendor, kept)
        elif kept["number"] == 1:
            first[self.vendor] = kept["keys"][0]
        return kept

    def _make(self, kid: str) -> Json:
        parameters: Any = {"kid": kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "ES256":
            return dict(ECKey.generate_key("P-256", parameters).as_dict(private=True))
        return dict(RSAKey.generate_key(2048, parameters).as_dict(private=True))

    def _read(self, value: Json) -> Key:
        return ECKey.import_key(value) if self.algorithm == "ES256" else RSAKey.import_key(value)
