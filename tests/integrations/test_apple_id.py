"""Sign in with Apple: against its twin, and against every wrong thing that could have been signed."""

from __future__ import annotations

import logging
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from domain.connections import AccessEnded, FlowPurpose
from domain.errors import Unavailable
from integrations.apple_id import AppleId
from integrations.cipher import new_signing_key, public_key_of
from tests.integrations.browser import VERIFIER, come_back, connect
from tests.integrations.issuer import RSA, Issuer
from tests.integrations.vendor import scripted
from tests.sandbox.process import apple_private_pem, registration

KEY = {"team_id": "TESTTEAM01", "key_id": "TESTKEY001", "private_key": apple_private_pem()}
APP = "example.backline.test"
APPLE = "https://appleid.apple.com"
ISSUER = Issuer("RS256", RSA, {"iss": APPLE, "aud": APP, "sub": "000.hidden.1", "nonce": "nonce"})
MAIL = {"email": "Mina@iCloud.com", "email_verified": "true"}


@pytest.fixture
async def apple(twins):
    client = registration().apple_sign_in
    made = AppleId(
        client_id=client.client_id,
        redirect_uri=client.redirect_uris[0],
        base_url=twins.at("appleid.apple.com"),
        **KEY,
    )
    yield made
    await made.aclose()


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.says["/auth/keys"] = ISSUER.jwks()
        vendor.apple = AppleId(client_id=APP, redirect_uri="https://r.example/", base_url=vendor.url, **KEY)

        def sign(**changes):
            vendor.give(ISSUER.token(**changes))

        def give(token):
            more = {"id_token": token} if token is not None else {}
            vendor.says["/auth/token"] = {"access_token": "hidden", "token_type": "Bearer", "expires_in": 3600} | more

        vendor.sign, vendor.give = sign, give
        yield vendor
        await vendor.apple.aclose()


def exchange(apple, nonce="nonce"):
    return apple.exchange("hidden-code", code_verifier=VERIFIER, nonce=nonce)


async def test_signing_in_says_who_it_is(apple):
    tokens, profile = await connect(apple, "mina", purpose=FlowPurpose.SIGN_IN)
    assert tokens.refresh_token
    assert profile.subject.startswith("000123.")
    assert (profile.email, profile.phone) == ("mina@icloud.example", None)
    assert (await connect(apple, "mina", purpose=FlowPurpose.SIGN_IN))[1].subject == profile.subject


async def test_an_address_that_nobody_proved_is_not_told(apple, twins):
    await twins.control("POST", "/apple_id/users", {"id": "mina", "email_verified": False})
    assert (await connect(apple, "mina", purpose=FlowPurpose.SIGN_IN))[1].email is None


async def test_a_code_counts_once_and_only_for_its_own_sign_in(apple):
    back = await come_back(apple, "mina", purpose=FlowPurpose.SIGN_IN)
    with pytest.raises(AccessEnded):
        await exchange(apple, nonce="another")
    with pytest.raises(AccessEnded):
        await apple.exchange(back["code"], code_verifier=VERIFIER, nonce="another")
    with pytest.raises(AccessEnded):
        await apple.exchange(back["code"], code_verifier=VERIFIER, nonce="nonce")


async def test_access_can_be_ended(apple):
    tokens, _ = await connect(apple, "mina", purpose=FlowPurpose.SIGN_IN)
    assert (await apple.refresh(tokens)).refresh_token == tokens.refresh_token
    await apple.revoke(tokens)
    with pytest.raises(AccessEnded):
        await apple.refresh(tokens)


async def test_a_key_of_ours_that_is_refused_is_ours_to_mend(twins, caplog):
    client = registration().apple_sign_in
    wrong = KEY | {"private_key": new_signing_key()}
    base_url = twins.at("appleid.apple.com")
    apple = AppleId(client_id=client.client_id, redirect_uri=client.redirect_uris[0], base_url=base_url, **wrong)
    with pytest.raises(Unavailable):
        await exchange(apple)
    assert "code invalid_client" in caplog.text
    assert "hidden" not in caplog.text
    await apple.aclose()


async def test_what_proves_that_it_is_us(vendor):
    vendor.sign()
    await exchange(vendor.apple)
    form = dict(vendor.seen[0].form)
    proof = jwt.decode(form.pop("client_secret"), ECKey.import_key(public_key_of(KEY["private_key"])))
    assert form == {
        "grant_type": "authorization_code",
        "code": "hidden-code",
        "redirect_uri": "https://r.example/",
        "code_verifier": VERIFIER,
        "client_id": APP,
    }
    assert "authorization" not in vendor.seen[0].headers
    assert (proof.header["alg"], proof.header["kid"]) == ("ES256", "TESTKEY001")
    assert (proof.claims["iss"], proof.claims["sub"], proof.claims["aud"]) == ("TESTTEAM01", APP, APPLE)
    assert proof.claims["exp"] - proof.claims["iat"] <= 300


VERIFIED = [
    (MAIL, "mina@icloud.com"),
    (MAIL | {"email_verified": True}, "mina@icloud.com"),
    (MAIL | {"email_verified": "false"}, None),
    (MAIL | {"email_verified": False}, None),
    (MAIL | {"email_verified": 1}, None),
    (MAIL | {"email_verified": "True"}, None),
    ({"email": "mina@icloud.com"}, None),
    ({"email_verified": True}, None),
    (MAIL | {"email": "no address"}, None),
    (MAIL | {"email": ["mina@icloud.com"]}, None),
]


@pytest.mark.parametrize(("said", "expected"), VERIFIED)
async def test_only_verified_addresses_are_told(vendor, said, expected):
    vendor.sign(**said)
    _, profile = await exchange(vendor.apple)
    assert (profile.subject, profile.email) == ("000.hidden.1", expected)


@pytest.mark.parametrize("wrong", ISSUER.forgeries())
async def test_what_apple_did_not_sign_for_us_lets_nobody_in(vendor, wrong, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    token = ISSUER.forgeries()[wrong]
    vendor.give(token)
    # What is too long for a field of an answer is not even looked at.
    with pytest.raises(Unavailable if wrong in ("very long", "deep") else AccessEnded) as refusal:
        await exchange(vendor.apple)
    assert "hidden" not in caplog.text + str(refusal.value)


@pytest.mark.parametrize("nonce", ["another", "", None, 7, ["nonce"], "nonce ", "nonc\u00e9"])
async def test_what_was_signed_for_another_sign_in_lets_nobody_in(vendor, nonce):
    vendor.sign(nonce=nonce)
    with pytest.raises(AccessEnded):
        await exchange(vendor.apple)


async def test_without_a_nonce_nobody_gets_in(vendor):
    vendor.sign(without=("nonce",))
    for nonce in ("nonce", "", "None"):
        with pytest.raises(AccessEnded):
            await exchange(vendor.apple, nonce=nonce)


async def test_without_what_apple_signs_nobody_gets_in(vendor):
    vendor.give(None)
    with pytest.raises(Unavailable):
        await exchange(vendor.apple)


async def test_short_keys_open_nothing(vendor):
    """What is published is a real key of 1024 bits, and the token is signed with it."""
    key = rsa.generate_private_key(65537, 1024)
    with warnings.catch_warnings(action="ignore"):
        short = RSAKey(key, key)
        vendor.sign(key=short)
        published = short.as_dict(private=False)
    vendor.says["/auth/keys"] = {"keys": [published | {"kid": "one"}]}
    with pytest.raises(AccessEnded):
        await exchange(vendor.apple)
