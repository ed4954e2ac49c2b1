"""The Serato-style provider: against its twin, whose refresh tokens always change and end all when used twice."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse

from domain.connections import AccessEnded
from domain.errors import InvalidInput, Unavailable
from integrations.serato import Serato
from tests.integrations.browser import come_back, connect
from tests.integrations.vendor import scripted
from tests.sandbox.process import registration


@pytest.fixture
async def serato(twins):
    client = registration().serato
    made = Serato(
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=client.redirect_uris[0],
        base_url=twins.at("serato.example"),
    )
    yield made
    await made.aclose()


async def test_connecting_gives_tokens_and_who_it_is(serato):
    tokens, profile = await connect(serato, "mina")
    assert set(tokens.scopes) == {"profile", "history.read"}
    assert (profile.username, profile.display_name) == ("mina", "Mina Okafor")
    assert profile.email is profile.phone is None


async def test_it_says_who_it_is_each_time(serato, twins):
    back = await come_back(serato, "mina")
    assert back["iss"] == twins.at("serato.example")
    serato.check_issuer(back["iss"])
    for wrong in (None, twins.at("accounts.spotify.com")):
        with pytest.raises(InvalidInput):
            serato.check_issuer(wrong)


async def test_a_refresh_token_that_is_used_twice_ends_everything(serato):
    tokens, _ = await connect(serato, "mina")
    renewed = await serato.refresh(tokens)
    assert renewed.refresh_token != tokens.refresh_token
    with pytest.raises(AccessEnded):
        await serato.refresh(tokens)
    with pytest.raises(AccessEnded):
        await serato.refresh(renewed)


async def test_ended_access_is_ended_there_too(serato, twins):
    tokens, _ = await connect(serato, "mina")
    await serato.revoke(tokens)
    with pytest.raises(AccessEnded):
        await serato.refresh(tokens)
    answer = await twins.http.get("/serato.example/v1/me", headers={"Authorization": f"Bearer {tokens.access_token}"})
    assert answer.status_code == 401
    await serato.revoke(tokens)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (JSONResponse({"error": "invalid_token"}, 401), AccessEnded),
        (JSONResponse({"error": "insufficient_scope"}, 403), AccessEnded),
        (JSONResponse({}, 404), Unavailable),
        ({"username": "mina"}, Unavailable),
        ({"id": ""}, Unavailable),
        ({"id": 7}, Unavailable),
        ({"id": "a\nb"}, Unavailable),
        ({"id": "x" * 201}, Unavailable),
    ],
)
async def test_without_a_name_for_ever_nobody_is_connected(said, refusal):
    async with scripted() as vendor:
        vendor.says |= {"/oauth/token": {"access_token": "hidden", "token_type": "bearer"}, "/v1/me": said}
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        with pytest.raises(refusal):
            await serato.exchange("code", code_verifier="v", nonce="")
        await serato.aclose()
