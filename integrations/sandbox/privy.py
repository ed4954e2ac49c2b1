"""Privy's twin: its public keys; and tokens, right ones and wrong ones, as its SDK would hand them to an app.

Under `/control/privy`: `POST tokens` makes `{did, access_token, identity_token}` (201) from any of `{did, app_id, email, phone,
expires_in, issuer, alg, key, kid}`: who it is (made up when it is not said), the app (ours), addresses that were verified,
seconds until they end (3600; negative: they have ended), who signs (`privy.io`), `alg` ES256, HS256 (signed with the public
key as if it were a secret) or none, `key` wrong (another key under the right name), `kid` for the header.
`POST keys` signs with a new key from now on: `{kid}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import issued
from integrations.sandbox.control import answer
from integrations.sandbox.deeds import Json, Wrong, check_fields, door
from integrations.sandbox.registration import Registration
from integrations.sandbox.signing_keys import SigningKeys
from integrations.sandbox.world import World

APP: Final = "privy_app"
WANTED: Final[Json] = {
    "did": None,
    "app_id": None,
    "email": None,
    "phone": None,
    "expires_in": 3600,
    "issuer": "privy.io",
    "alg": "ES256",
    "key": "right",
    "kid": None,
}


def _keys(world: World) -> SigningKeys:
    return SigningKeys(world, "privy", "ES256")


def routes(world: World, registration: Registration) -> list[Route]:
    """What `auth.privy.io` answers."""
    keys = _keys(world)

    async def show(request: Request) -> Response:
        if request.path_params["app"] != registration.privy_app_id:
            return JSONResponse({"error": "App not found"}, 404)
        return JSONResponse(keys.show())

    return [Route("/api/v1/apps/{app}/jwks.json", show)]


def settle(world: World, registration: Registration) -> None:
    """Note which app is ours."""
    world.put(APP, "ours", {"app_id": registration.privy_app_id})


def controls(world: World) -> list[Route]:
    """Make the doors of `/control/privy`."""
    keys = _keys(world)

    async def rotate(request: Request) -> Response:
        return answer({"kid": keys.rotate()}, 201)

    return [
        Route("/tokens", door(world, lambda value: _mint(world, keys, value)), methods=["POST"]),
        Route("/keys", rotate, methods=["POST"]),
    ]


def _mint(world: World, keys: SigningKeys, value: object) -> Json:
    wanted = WANTED | check_fields(value, WANTED, "A wish")
    if wanted["alg"] not in {"ES256", "HS256", "none"} or wanted["key"] not in {"right", "wrong"}:
        raise Wrong("alg must be ES256, HS256 or none; key must be right or wrong.")
    now = int(world.now())
    did = wanted["did"] or f"did:privy:{secrets.token_hex(12)}"
    claims = {
        "aud": wanted["app_id"] or (world.get(APP, "ours") or {})["app_id"],
        "exp": now + wanted["expires_in"],
        "iat": min(now, now + wanted["expires_in"] - 1),
        "iss": wanted["issuer"],
        "sub": did,
    }
    accounts: list[Json] = []
    if wanted["email"]:
        accounts.append({"type": "email", "address": wanted["email"], "lv": now})
    if wanted["phone"]:
        accounts.append({"type": "phone", "phone_number": wanted["phone"], "lv": now})
    # In these tokens Privy writes the list as a text.
    identity = claims | {"cr": str(now), "linked_accounts": orjson.dumps(accounts).decode()}
    access = claims | {"sid": secrets.token_hex(12)}
    made = {"access_token": _sign(keys, access, wanted), "identity_token": _sign(keys, identity, wanted)}
    for kind, token in made.items():
        issued.note(world, "privy", kind, did, token)
    return {"did": did, **made}


def _sign(keys: SigningKeys, claims: Json, wanted: Json) -> str:
    if wanted["alg"] == "ES256":
        return keys.sign_wrongly(claims) if wanted["key"] == "wrong" else keys.sign(claims, kid=wanted["kid"])
    public = keys.show()["keys"][-1]
    header = {"alg": wanted["alg"], "typ": "JWT", "kid": wanted["kid"] or public["kid"]}
    text = b".".join(_encode(orjson.dumps(part)) for part in (header, claims))
    if wanted["alg"] == "none":
        return text.decode() + "."
    seal = hmac.new(orjson.dumps(public), text, hashlib.sha256).digest()
    return b".".join((text, _encode(seal))).decode()


def _encode(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
