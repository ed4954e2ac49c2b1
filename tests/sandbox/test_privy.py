"""Privy's twin: its keys and the tokens that are signed with them."""

import json

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from tests.sandbox.process import registration

APP = registration().privy_app_id


async def keys(sandbox, app=APP):
    return await sandbox.http.get(f"/auth.privy.io/api/v1/apps/{app}/jwks.json")


async def read(sandbox, token):
    return jwt.decode(token, KeySet.import_key_set((await keys(sandbox)).json()), algorithms=["ES256"])


async def mint(sandbox, **wanted):
    return await sandbox.control("POST", "/privy/tokens", wanted)


async def test_tokens_hold_with_the_apps_public_keys(sandbox):
    made = await mint(sandbox, did="did:privy:ann", email="ann@example.com", phone="+15550100")
    shown = (await keys(sandbox)).json()["keys"]
    assert [(key["kty"], key["crv"], key["alg"]) for key in shown] == [("EC", "P-256", "ES256")]
    assert not [key for key in shown if "d" in key]
    access, identity = [await read(sandbox, made[kind]) for kind in ("access_token", "identity_token")]
    assert access.header["kid"] == shown[0]["kid"]
    assert (access.claims["sub"], access.claims["iss"], access.claims["aud"]) == ("did:privy:ann", "privy.io", APP)
    assert access.claims["exp"] - access.claims["iat"] == 3600
    assert "linked_accounts" not in access.claims
    accounts = json.loads(identity.claims["linked_accounts"])
    assert [(each["type"], each.get("address") or each["phone_number"]) for each in accounts] == [
        ("email", "ann@example.com"),
        ("phone", "+15550100"),
    ]
    listed = {token["secret"] for token in (await sandbox.control("GET", "/tokens"))["tokens"]}
    assert {made["access_token"], made["identity_token"]} <= listed


async def test_wrong_tokens_are_wrong_in_the_way_that_was_wished(sandbox):
    other = await read(sandbox, (await mint(sandbox, app_id="other", issuer="evil.example"))["access_token"])
    assert (other.claims["aud"], other.claims["iss"]) == ("other", "evil.example")
    expired = await read(sandbox, (await mint(sandbox, expires_in=-5))["access_token"])
    assert expired.claims["iat"] < expired.claims["exp"] < (await sandbox.control("GET", "/clock"))["now"]
    with pytest.raises(BadSignatureError):
        await read(sandbox, (await mint(sandbox, key="wrong"))["access_token"])
    unsigned = (await mint(sandbox, alg="none"))["access_token"]
    assert unsigned.endswith(".")
    assert len((await mint(sandbox, alg="HS256"))["access_token"].split(".")) == 3


async def test_another_app_has_no_keys_here(sandbox):
    assert (await keys(sandbox, "other-app")).status_code == 404


async def test_keys_change_and_the_old_one_holds_for_a_while(sandbox):
    old = await mint(sandbox)
    kid = (await sandbox.control("POST", "/privy/keys"))["kid"]
    new = await mint(sandbox)
    assert (await read(sandbox, new["access_token"])).header["kid"] == kid
    assert (await read(sandbox, old["access_token"])).header["kid"] != kid


async def test_keys_live_through_a_kill_and_a_reset(mortal_sandbox):
    made = await mint(mortal_sandbox)
    await mortal_sandbox.kill()
    await mortal_sandbox.start()
    assert (await read(mortal_sandbox, made["access_token"])).claims["sub"] == made["did"]
    before = (await keys(mortal_sandbox)).json()
    await mortal_sandbox.reset()
    assert (await keys(mortal_sandbox)).json() == before


@pytest.mark.parametrize("wish", [{"alg": "RS256"}, {"key": "odd"}, {"colour": "red"}, {"expires_in": "long"}, []])
async def test_a_wish_that_makes_no_sense_is_refused(sandbox, wish):
    before = (await sandbox.control("GET", "/tokens"))["tokens"]
    assert (await sandbox.http.post("/control/privy/tokens", json=wish)).status_code == 400
    assert (await sandbox.control("GET", "/tokens"))["tokens"] == before
