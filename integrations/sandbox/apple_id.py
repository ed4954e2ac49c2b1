"""Sign in with Apple's twin.

Under `/control/apple_id`: `GET users`, `POST users {id, email?, email_verified?, is_private_email?, first_name?,
last_name?}`, `POST users/{id}/revoke` (they stop using their Apple ID with the app: tokens hold no more, and the next yes is
the first again), `POST keys` (signs with a new key from now on: `{kid}`).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import apple_signed, issued, oauth, people
from integrations.sandbox.control import answer
from integrations.sandbox.deeds import Deed, Json, people_routes, save_person, switch
from integrations.sandbox.grants import Asked, Given, Grants, Refused, Rotation
from integrations.sandbox.registration import Registration
from integrations.sandbox.signing_keys import SigningKeys
from integrations.sandbox.spotify_shapes import make_id
from integrations.sandbox.world import World

USERS: Final = "apple_user"
ISSUER: Final = "https://appleid.apple.com"
"""What Apple calls itself, wherever it is reached."""

ID_TOKEN_SECONDS: Final = 24 * 60 * 60
FORM_POST: Final = """<form method="post" action="{action}">{fields}
<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>"""


def books(world: World, client_id: str = "") -> Grants:
    """Apple's books."""
    return Grants(world, "apple", client_id, Rotation.NEVER)


@dataclass(frozen=True)
class AppleDoor(oauth.Door):
    """Apple's ways: the answer comes by a form, and somebody's name comes once."""

    def read(self, query: Any, issuer: str) -> Asked:
        """Read what a client asks for; names and addresses are never put into an address."""
        asked = super().read(query, issuer)
        if asked.scope and not asked.form_post:
            raise oauth.SentBack(
                asked, "invalid_request", "response_mode must be form_post when name or email scope is requested"
            )
        return asked

    def allowed(self, asked: Asked, user: str) -> Response:
        """Answer somebody's yes; the first one says who they are."""
        fields = {"code": self.grants.permit(user, asked)}
        person = self.world.get(USERS, user) or {}
        if asked.scope and not person["known"]:
            switch(self.world, USERS, user, known=True)
            fields["user"] = orjson.dumps(_told(person, asked.scope.split())).decode()
        return self.send_back(asked, fields)

    def send_back(self, asked: Asked, answer: dict[str, str]) -> Response:
        """Let the browser post the answer, if the client asked for that."""
        if not asked.form_post:
            return super().send_back(asked, answer)
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(text)}">'
            for name, text in self.answer_fields(asked, answer).items()
        )
        body = FORM_POST.format(action=escape(asked.redirect_uri), fields=fields)
        return HTMLResponse(oauth.PAGE.format(title=self.title, body=body), headers=oauth.NO_STORE)


def _told(person: Json, scope: list[str]) -> Json:
    told: Json = {}
    if "name" in scope:
        told["name"] = {"firstName": person["first_name"], "lastName": person["last_name"]}
    if "email" in scope:
        told["email"] = person["email"]
    return told


def _keys(world: World) -> SigningKeys:
    return SigningKeys(world, "apple", "RS256")


def routes(world: World, registration: Registration) -> list[Route]:
    """What `appleid.apple.com` answers."""
    client = registration.apple_sign_in
    door = AppleDoor(
        world=world,
        title="Sandbox Apple ID",
        client=client,
        grants=books(world, client.client_id),
        scopes=frozenset({"name", "email"}),
        people=USERS,
        needs_pkce=False,
        denied="user_cancelled_authorize",
        wrong_client=400,
    )
    keys = _keys(world)

    def proves(form: dict[str, str]) -> bool:
        try:
            claims = apple_signed.check(registration, form.get("client_secret", ""), world.now())
        except apple_signed.NotSigned:
            return False
        return form.get("client_id") == client.client_id == claims.get("sub") and claims.get("aud") == ISSUER

    async def token(request: Request) -> Response:
        try:
            given = door.exchange(await door.read_form(request, proves))
        except Refused as refusal:
            return oauth.refuse(refusal)
        request.state.who = given.user
        id_token = keys.sign(_claims(world, client.client_id, given))
        return oauth.tokens(given, id_token=issued.note(world, "apple", "id_token", given.user, id_token), scope=None)

    async def revoke(request: Request) -> Response:
        try:
            door.grants.revoke((await door.read_form(request, proves)).get("token", ""))
        except Refused as refusal:
            return oauth.refuse(refusal)
        return Response(status_code=200)

    async def show_keys(request: Request) -> Response:
        return JSONResponse(keys.show())

    return [
        Route("/auth/authorize", door.authorize, methods=["GET", "POST"]),
        Route("/auth/token", token, methods=["POST"]),
        Route("/auth/revoke", revoke, methods=["POST"]),
        Route("/auth/keys", show_keys),
    ]


def _claims(world: World, client_id: str, given: Given) -> Json:
    person, now = world.get(USERS, given.user) or {}, int(world.now())
    half = hashlib.sha256(given.access_token.encode()).digest()[:16]
    claims: Json = {
        "iss": ISSUER,
        "aud": client_id,
        "exp": now + ID_TOKEN_SECONDS,
        "iat": now,
        "sub": person["sub"],
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        "auth_time": now,
        "nonce_supported": True,
    }
    if given.nonce is not None:
        claims["nonce"] = given.nonce
    if "email" in given.scope.split():
        # Apple writes what is true as a text.
        claims |= {"email": person["email"], "email_verified": "true" if person["email_verified"] else "false"}
        if person["is_private_email"]:
            claims["is_private_email"] = "true"
    return claims


# Control


def settle(world: World, registration: Registration) -> None:
    """Give the demo's people their Apple IDs."""
    for person in registration.demo_people:
        if world.get(USERS, person) is None:
            first, _, last = people.name_of(person).partition(" ")
            names = {"first_name": first, "last_name": last, "display_name": people.name_of(person)}
            _save(world, {"id": person, **names})


def _save(world: World, value: object) -> Json:
    key = str(value.get("id")) if isinstance(value, dict) else ""
    preset = {
        "sub": f"000123.{make_id('apple', key)}.0456",
        "display_name": key,
        "email": f"{key}@icloud.example",
        "email_verified": True,
        "is_private_email": False,
        "first_name": key,
        "last_name": "",
        "known": False,
    }
    return save_person(world, USERS, value, preset)


def controls(world: World) -> list[Route]:
    """Make the doors of `/control/apple_id`."""
    grants, keys = books(world), _keys(world)

    def revoke(key: str, value: Json) -> Json:
        switch(world, USERS, key, known=False)
        return {"revoked": grants.revoke_user(key)}

    async def rotate(request: Request) -> Response:
        return answer({"kid": keys.rotate()}, 201)

    deeds: dict[str, Deed] = {"revoke": revoke}
    doors = people_routes(world, USERS, lambda value: _save(world, value), deeds)
    return [*doors, Route("/keys", rotate, methods=["POST"])]
