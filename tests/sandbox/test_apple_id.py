"""Sign in with Apple's twin: the form that comes back, what Apple signs, and who may ask for it."""

import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.process import registration
from tests.sandbox.test_apple_music import sign
from tests.sandbox.visitor import Visitor, form_fields, refusal, returned

OURS = registration().apple_sign_in
ISSUER = "https://appleid.apple.com"


class AppleVisitor(Visitor):
    """Apple's answers come as a form, and its client proves itself by a token that it signs."""

    def query(self, **changes):
        return super().query(**{"scope": "name email", "response_mode": "form_post", "nonce": "n-0", **changes})

    async def authorize(self, user, decision="allow", **changes):
        answer = await self.decide(user, decision, **changes)
        assert answer.status_code == 200, answer.text
        assert f'<form method="post" action="{OURS.redirect_uris[0]}">' in answer.text
        return form_fields(answer.text)

    async def token(self, proof=None, **form):
        proof = sign(sub=OURS.client_id, aud=ISSUER) if proof is None else proof
        return await super().token(auth=None, client_id=OURS.client_id, client_secret=proof, **form)


@pytest.fixture
async def apple(sandbox):
    return AppleVisitor(sandbox.http, "/appleid.apple.com", OURS, authorize="/auth/authorize", token="/auth/token")


async def claims_of(apple, tokens):
    keys = KeySet.import_key_set((await apple.http.get("/appleid.apple.com/auth/keys")).json())
    return jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims


async def test_the_answer_is_a_form_that_says_the_name_once(sandbox, apple):
    first = await apple.authorize("mina", state="s & t")
    assert set(first) == {"code", "state", "user"}
    assert first["state"] == "s & t"
    assert json.loads(first["user"]) == {
        "name": {"firstName": "Mina", "lastName": "Okafor"},
        "email": "mina@icloud.example",
    }
    assert set(await apple.authorize("mina")) == {"code", "state"}
    await sandbox.control("POST", "/apple_id/users/mina/revoke")
    assert "user" in await apple.authorize("mina")
    assert await apple.authorize("mina", "deny", state="s") == {"error": "user_cancelled_authorize", "state": "s"}


async def test_what_was_asked_for_alone_comes_back_in_the_address(apple):
    back = returned(await apple.decide("mina", scope=None, response_mode=None, state="s"))
    assert set(back) == {"code", "state"}
    refused = returned(await apple.decide("mina", scope="email", response_mode=None))
    assert refused["error"] == "invalid_request"


async def test_apple_signs_who_it_is(apple):
    tokens = await apple.sign_in("mina", nonce="n-1")
    claims = await claims_of(apple, tokens)
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, OURS.client_id, "n-1")
    assert (claims["email"], claims["email_verified"]) == ("mina@icloud.example", "true")
    assert "is_private_email" not in claims
    assert "scope" not in tokens
    again = await claims_of(apple, await apple.sign_in("mina", scope=None, response_mode="form_post", nonce=None))
    assert again["sub"] == claims["sub"]
    assert {"email", "nonce"}.isdisjoint(again)
    assert claims["sub"] != (await claims_of(apple, await apple.sign_in("theo")))["sub"]


async def test_an_address_may_be_private_or_not_verified(sandbox, apple):
    person = {"id": "ann", "email": "x1@privaterelay.example", "is_private_email": True, "email_verified": False}
    await sandbox.control("POST", "/apple_id/users", person)
    claims = await claims_of(apple, await apple.sign_in("ann"))
    assert (claims["email_verified"], claims["is_private_email"]) == ("false", "true")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sub": "another.client"},
        {"aud": "https://evil.example"},
        {"iss": "OTHERTEAM1"},
        {"kid": "OTHERKEY01"},
        {"lasts": -5},
        {"lasts": 15_777_001},
    ],
)
async def test_a_client_that_cannot_prove_itself_gets_nothing(sandbox, apple, wrong):
    code = (await apple.authorize("mina"))["code"]
    proof = sign(**{"sub": OURS.client_id, "aud": ISSUER, **wrong})
    assert refusal(await apple.redeem(code, proof=proof)) == (400, "invalid_client")
    assert refusal(await apple.redeem(code, proof="")) == (400, "invalid_client")
    kinds = {
        token["kind"] for token in (await sandbox.control("GET", "/tokens"))["tokens"] if token["vendor"] == "apple"
    }
    assert kinds == {"code"}
    assert (await apple.redeem(code)).status_code == 200


async def test_a_refresh_gives_access_and_keeps_its_token_until_it_is_revoked(apple):
    tokens = await apple.sign_in("mina")
    renewed = (await apple.refresh(tokens["refresh_token"])).json()
    assert "refresh_token" not in renewed
    assert renewed["access_token"] != tokens["access_token"]
    form = {"client_id": OURS.client_id, "client_secret": "wrong", "token": tokens["refresh_token"]}
    refused = await apple.http.post("/appleid.apple.com/auth/revoke", data=form)
    assert refusal(refused) == (400, "invalid_client")
    assert (await apple.refresh(tokens["refresh_token"])).status_code == 200
    form["client_secret"] = sign(sub=OURS.client_id, aud=ISSUER)
    assert (await apple.http.post("/appleid.apple.com/auth/revoke", data=form)).status_code == 200
    assert refusal(await apple.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


async def test_keys_change_and_the_old_one_holds_for_a_while(sandbox, apple):
    old = await apple.sign_in("mina")
    kid = (await sandbox.control("POST", "/apple_id/keys"))["kid"]
    shown = (await apple.http.get("/appleid.apple.com/auth/keys")).json()["keys"]
    assert [key["kid"] for key in shown][-1] == kid
    assert not [name for key in shown for name in key if name in {"d", "p", "q"}]
    assert (await claims_of(apple, old))["sub"] == (await claims_of(apple, await apple.sign_in("mina")))["sub"]


async def test_a_code_counts_once(apple):
    code = (await apple.authorize("mina"))["code"]
    tokens = (await apple.redeem(code)).json()
    assert refusal(await apple.redeem(code)) == (400, "invalid_grant")
    assert refusal(await apple.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
