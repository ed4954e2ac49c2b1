"""An issuer of the tests' own, whose keys are at hand: it signs whatever a test wants, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

RSA = [RSAKey.generate_key(2048) for _ in range(2)]
EC = [ECKey.generate_key("P-256") for _ in range(2)]
WEAK = ECKey.generate_key("P-384")


class Issuer:
    """Signs with `keys[0]` under the name `one`."""

    def __init__(self, algorithm, keys, claims):
        self.algorithm, self.keys, self.claims = algorithm, keys, claims

    def jwks(self, **named):
        """What it publishes: by default its first key as `one`."""
        chosen = named or {"one": self.keys[0]}
        use = {"alg": self.algorithm, "use": "sig"}
        return {"keys": [key.as_dict(private=False) | use | {"kid": kid} for kid, key in chosen.items()]}

    def token(self, *, key=None, kid="one", alg=None, header=(), without=(), **changes):
        claims = {"iat": int(time.time()), "exp": int(time.time()) + 600} | self.claims | changes
        claims = {name: value for name, value in claims.items() if name not in without}
        head = {"alg": alg or self.algorithm, "kid": kid} | dict(header)
        if kid is None:
            del head["kid"]
        return jwt.encode(head, claims, key or self.keys[0], algorithms=[head["alg"]])

    def unsigned(self, alg="none", secret=None):
        """A token without a signature, or with one made with the public key as if it were a secret."""
        now = int(time.time())
        parts = [{"alg": alg, "kid": "one"}, {"iat": now, "exp": now + 600} | self.claims]
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        seal = b"" if secret is None else hmac.new(secret, text, hashlib.sha256).digest()
        return (text + b"." + base64.urlsafe_b64encode(seal).rstrip(b"=")).decode()

    def forgeries(self):
        """Tokens that do not hold, by what is wrong with them."""
        good = self.token()
        head, body, seal = good.split(".")
        other = base64.urlsafe_b64encode(b'{"sub":"other"}').rstrip(b"=").decode()
        pem = self.keys[0].as_pem(private=False)
        public = json.dumps(self.keys[0].as_dict(private=False)).encode()
        now = int(time.time())
        made = {
            "another key under the right name": self.token(key=self.keys[1]),
            "an unknown key": self.token(key=self.keys[1], kid="two"),
            "no key named": self.token(kid=None),
            "a key of its own": self.token(key=self.keys[1], header={"jwk": self.keys[1].as_dict(private=False)}),
            "keys from elsewhere": self.token(key=self.keys[1], header={"jku": "http://127.0.0.1:9/keys"}),
            "no algorithm": self.unsigned(),
            "no algorithm, shouted": self.unsigned("NONE"),
            "the public key as a secret": self.unsigned("HS256", pem),
            "the public key as a secret in JSON": self.unsigned("HS256", public),
            "the algorithm named wrongly": self.unsigned(self.algorithm, pem),
            "another issuer": self.token(iss="https://evil.example"),
            "no issuer": self.token(without=("iss",)),
            "a list of issuers": self.token(iss=[self.claims["iss"]]),
            "another app": self.token(aud="other-app"),
            "other apps": self.token(aud=["other-app", "third-app"]),
            "no app": self.token(without=("aud",)),
            "an odd app": self.token(aud={self.claims["aud"]: True}),
            "expired": self.token(exp=now - 31, iat=now - 600),
            "no end": self.token(without=("exp",)),
            "an end that is text": self.token(exp=str(now + 600)),
            "an end that is true": self.token(exp=True),
            "from the future": self.token(iat=now + 60),
            "not yet": self.token(nbf=now + 60),
            "no beginning": self.token(without=("iat",)),
            "nobody": self.token(without=("sub",)),
            "an empty name": self.token(sub=""),
            "a number for a name": self.token(sub=7),
            "a name with a line": self.token(sub=self.claims["sub"] + "\n"),
            "a long name": self.token(sub=self.claims["sub"] + "x" * 300),
            "another body": f"{head}.{other}.{seal}",
            "no signature": f"{head}.{body}.",
            "half a signature": good[:-20],
            "a part too many": good + ".x",
            "a part too few": f"{head}.{body}",
            "nothing": "",
            "dots": "..",
            "no base64": "a.b.c",
            "not ascii": good + "é",
            "very long": good + "x" * 40_000,
            "deep": base64.urlsafe_b64encode(b"[" * 20_000).decode() + ".e30.x",
            "deep inside": self._deep() + "." + body + "." + seal,
        }
        if self.algorithm == "ES256":
            made["a longer curve"] = self.token(key=WEAK, alg="ES384")
            made["another algorithm"] = self.token(key=RSA[0], alg="RS256")
        else:
            made["another algorithm"] = self.token(key=EC[0], alg="ES256")
            made["another padding"] = self.token(alg="PS256")
        return made

    def _deep(self):
        head = f'{{"alg":"{self.algorithm}","kid":"one","x":' + "[" * 1020 + "]" * 1020 + "}"
        return base64.urlsafe_b64encode(head.encode()).rstrip(b"=").decode()
