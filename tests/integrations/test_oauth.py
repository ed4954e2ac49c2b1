"""The client's side of OAuth, the same at every provider: what goes out to the letter, and what is taken back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.responses import JSONResponse, Response

from domain.connections import AccessEnded, FlowPurpose, Tokens
from domain.errors import InvalidInput, NotConfigured, RateLimited, Unavailable
from integrations.apple_id import AppleId
from integrations.serato import Serato
from integrations.spotify import Spotify
from tests.integrations.vendor import RUDE, SECRET, SHORT, broken, scripted
from tests.sandbox.process import apple_private_pem

BACK = "https://backline.example/oauth/callback?a=b%20c"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636, appendix B."""

TOKEN = {"access_token": "hidden-access", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "hidden-refresh"}
ME = {"/v1/me": {"id": "mina", "account_id": "acc1", "username": "mina", "display_name": "Mina"}}
OLD = Tokens("hidden-old", "hidden-old-refresh", None, ("profile", "history.read"))


def spotify(url, **more):
    return Spotify(client_id="me:1", client_secret=SECRET, redirect_uri=BACK, accounts_url=url, api_url=url, **more)


def serato(url, **more):
    return Serato(client_id="me:1", client_secret="p&ss %" + SECRET, redirect_uri=BACK, base_url=url, **more)


def apple(url, **more):
    key = {"team_id": "TEAM", "key_id": "KEY", "private_key": apple_private_pem()}
    return AppleId(client_id="me:1", redirect_uri=BACK, base_url=url, **key, **more)


DOORS = {
    "spotify": (spotify, "/authorize", "/api/token"),
    "serato": (serato, "/oauth/authorize", "/oauth/token"),
    "apple": (apple, "/auth/authorize", "/auth/token"),
}


@pytest.fixture(params=DOORS)
async def door(request):
    make, authorize, token = DOORS[request.param]
    async with scripted() as vendor:
        vendor.says |= ME
        vendor.name, vendor.authorize, vendor.token = request.param, authorize, token
        vendor.door = make(vendor.url)
        yield vendor
        await vendor.door.aclose()


@pytest.fixture
async def plain():
    """The provider with nothing of its own."""
    async with scripted() as vendor:
        vendor.says |= ME
        vendor.door = serato(vendor.url)
        yield vendor
        await vendor.door.aclose()


def exchange(door, code="hidden-code"):
    return door.exchange(code, code_verifier=VERIFIER, nonce="n")


def test_people_are_sent_to_exactly_the_right_place(door):
    more = {"state": "st&te", "code_verifier": VERIFIER, "nonce": "n0nce"}
    for purpose in FlowPurpose:
        url = door.door.authorization_url(purpose, **more)
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, strict_parsing=True))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == door.url + door.authorize
        assert len(query) == len(parse_qsl(parts.query))
        assert query.pop("scope")
        extra = {"response_mode": "form_post", "nonce": "n0nce"} if door.name == "apple" else {}
        if door.name == "spotify" and purpose is FlowPurpose.CONNECT:
            extra = {"show_dialog": "true"}
        assert query == extra | {
            "response_type": "code",
            "client_id": "me:1",
            "redirect_uri": BACK,
            "state": "st&te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        assert VERIFIER not in url
        assert SECRET not in url


def test_the_challenge_is_the_verifiers_hash():
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == CHALLENGE


async def test_a_code_goes_out_with_all_that_binds_it(plain):
    plain.says["/oauth/token"] = TOKEN | {"scope": "profile"}
    tokens, profile = await exchange(plain.door)
    seen = plain.seen[0]
    assert seen.form == {
        "grant_type": "authorization_code",
        "code": "hidden-code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    assert seen.basic == "me%3A1:p%26ss+%25hidden-secret"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (tokens.access_token, tokens.refresh_token, tokens.scopes) == (
        "hidden-access",
        "hidden-refresh",
        ("profile",),
    )
    assert timedelta(seconds=3590) < tokens.expires_at - datetime.now(UTC) <= timedelta(seconds=3600)
    assert plain.seen[1].headers["authorization"] == "Bearer hidden-access"
    assert (profile.subject, profile.username, profile.display_name, profile.email) == ("mina", "mina", "Mina", None)
    assert "hidden" not in repr(tokens)


async def test_a_renewal_keeps_the_refresh_token_unless_there_is_a_new_one(door):
    door.says[door.token] = [
        {name: value for name, value in TOKEN.items() if name != "refresh_token"},
        TOKEN | {"refresh_token": None, "token_type": "bEARER"},
        TOKEN | {"scope": "new scope"},
    ]
    first, second, third = [await door.door.refresh(OLD) for _ in range(3)]
    assert (first.refresh_token, first.scopes) == (OLD.refresh_token, OLD.scopes)
    assert second.refresh_token == OLD.refresh_token
    assert (third.refresh_token, third.scopes) == ("hidden-refresh", ("new", "scope"))
    assert {seen.form["refresh_token"] for seen in door.seen} == {OLD.refresh_token}
    assert {seen.form["grant_type"] for seen in door.seen} == {"refresh_token"}


WRONG = [
    {"access_token": None},
    {"access_token": ""},
    {"access_token": 7},
    {"access_token": "hidden token"},
    {"access_token": "hidden\r\nX-Evil: 1"},
    {"access_token": "hiddén"},
    {"access_token": "h" * 4097},
    {"refresh_token": ""},
    {"refresh_token": ["hidden"]},
    {"refresh_token": "h" * 4097},
    {"token_type": None},
    {"token_type": "mac"},
    {"token_type": True},
    {"expires_in": 0},
    {"expires_in": -1},
    {"expires_in": 1e12},
    {"expires_in": "3600"},
    {"expires_in": True},
    {"scope": ["profile"]},
    {"scope": "s" * 2001},
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_tokens_that_cannot_be_are_not_taken(plain, wrong, caplog):
    plain.says["/oauth/token"] = TOKEN | wrong
    with pytest.raises(Unavailable):
        await exchange(plain.door)
    with pytest.raises(Unavailable):
        await plain.door.refresh(OLD)
    assert plain.paths() == ["/oauth/token"] * 2
    assert caplog.text
    assert "hidden" not in caplog.text


async def test_tokens_without_end_and_of_the_longest_kind_are_taken(plain):
    plain.says["/oauth/token"] = {"access_token": "h" * 4096, "token_type": "bearer"}
    tokens, _ = await exchange(plain.door)
    assert (tokens.expires_at, tokens.refresh_token, tokens.scopes) == (None, None, ("profile", "history.read"))


@pytest.mark.parametrize("status", [400, 401])
async def test_what_the_provider_takes_no_more_has_ended(door, status, caplog):
    door.says[door.token] = JSONResponse({"error": "invalid_grant", "error_description": SECRET}, status)
    for asking in (exchange(door.door), door.door.refresh(OLD)):
        with pytest.raises(AccessEnded) as refusal:
            await asking
        assert "hidden" not in str(refusal.value)
    assert len(door.seen) == 2
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_request", SECRET, None, 7])
async def test_our_own_mistakes_cost_nobody_their_account_and_are_loud(plain, error, caplog):
    plain.says["/oauth/token"] = JSONResponse({"error": error, "error_description": SECRET}, 401)
    for asking in (exchange(plain.door), plain.door.refresh(OLD)):
        with pytest.raises(Unavailable):
            await asking
    levels = {record.levelname for record in caplog.records if record.name.startswith("integrations")}
    assert levels == ({"WARNING"} if error == 7 else {"ERROR"})
    assert ("invalid_client" in caplog.text) == (error == "invalid_client")
    assert "hidden" not in caplog.text


async def test_too_often_is_no_end(door):
    door.says[door.token] = Response("", 429, headers={"Retry-After": "11"})
    with pytest.raises(RateLimited) as refusal:
        await door.door.refresh(OLD)
    assert refusal.value.retry_after_seconds == 11


@pytest.mark.parametrize("code", ["", "c" * 2049])
async def test_what_can_be_no_code_is_not_even_sent(door, code):
    with pytest.raises(AccessEnded):
        await exchange(door.door, code)
    assert door.seen == []


async def test_without_a_refresh_token_there_is_no_renewal(door):
    with pytest.raises(AccessEnded):
        await door.door.refresh(Tokens("hidden"))
    assert door.seen == []


async def test_two_people_at_once_get_each_their_own(plain):
    plain.says["/oauth/token"] = lambda seen: TOKEN | {"access_token": seen.form["refresh_token"] + "-new"}
    renewed = await asyncio.gather(*(plain.door.refresh(Tokens("old", f"p{number}")) for number in range(40)))
    assert [tokens.access_token for tokens in renewed] == [f"p{number}-new" for number in range(40)]


async def test_access_is_ended_at_the_provider(plain):
    plain.says["/oauth/revoke"] = Response("")
    await plain.door.revoke(OLD)
    sent = [(seen.form["token"], seen.form["token_type_hint"]) for seen in plain.seen]
    assert sent == [("hidden-old-refresh", "refresh_token"), ("hidden-old", "access_token")]
    assert plain.seen[0].basic.startswith("me%3A1:")
    plain.says["/oauth/revoke"] = JSONResponse({"error": "invalid_grant"}, 400)
    await plain.door.revoke(OLD)


@pytest.mark.parametrize("error", ["invalid_client", "unsupported_token_type", "other"])
async def test_access_that_could_not_be_ended_is_not_called_ended(plain, error, caplog):
    plain.says["/oauth/revoke"] = JSONResponse({"error": error}, 400)
    with pytest.raises(Unavailable):
        await plain.door.revoke(OLD)
    assert "hidden" not in caplog.text


async def test_spotify_has_no_way_to_end_access(door):
    if door.name == "spotify":
        await door.door.revoke(OLD)
        assert door.seen == []


def test_who_answers_is_checked(door):
    theirs = "https://appleid.apple.com" if door.name == "apple" else door.url
    door.door.check_issuer(theirs)
    for wrong in ("https://evil.example", theirs + "/", theirs.upper(), ""):
        with pytest.raises(InvalidInput):
            door.door.check_issuer(wrong)
    if door.name == "serato":
        with pytest.raises(InvalidInput):
            door.door.check_issuer(None)
    else:
        door.door.check_issuer(None)


@pytest.mark.parametrize("way", RUDE)
@pytest.mark.parametrize("name", DOORS)
async def test_rude_providers_cost_nobody_their_account(name, way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        door = DOORS[name][0](vendor.url, patience=SHORT)
        outcomes = await asyncio.gather(exchange(door), door.refresh(OLD), return_exceptions=True)
        await door.aclose()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    assert "hidden" not in caplog.text + "".join(map(str, outcomes))


@pytest.mark.parametrize("way", ["silence", "a closed connection", "a redirect", "status 503", "ten megabytes"])
async def test_what_a_rude_provider_did_not_end_is_not_called_ended(way):
    async with broken(RUDE[way]()) as vendor:
        door = serato(vendor.url, patience=SHORT)
        with pytest.raises(Unavailable):
            await door.revoke(OLD)
        await door.aclose()


NOTHING = [
    Spotify(client_id=None, client_secret="s", redirect_uri=BACK),
    Spotify(client_id="c", client_secret=None, redirect_uri=BACK),
    Serato(client_id="c", client_secret="s", redirect_uri=BACK, base_url=None),
    Serato(client_id=None, client_secret=None, redirect_uri=BACK, base_url="https://serato.example"),
    AppleId(client_id=None, redirect_uri=BACK, team_id="T", key_id="K", private_key=apple_private_pem()),
    AppleId(client_id="c", redirect_uri=BACK, team_id="T", key_id=None, private_key=apple_private_pem()),
    AppleId(client_id="c", redirect_uri=BACK, team_id="T", key_id="K", private_key="-----BEGIN PRIVATE KEY-----\nx"),
]


@pytest.mark.parametrize("door", NOTHING)
async def test_without_credentials_everything_says_so(door):
    with pytest.raises(NotConfigured, match="_"):
        door.require()
    with pytest.raises(NotConfigured):
        door.authorization_url(FlowPurpose.SIGN_IN, state="s", code_verifier=VERIFIER, nonce="n")
    for asking in (exchange(door), door.refresh(OLD)):
        with pytest.raises(NotConfigured):
            await asking
    await door.aclose()
