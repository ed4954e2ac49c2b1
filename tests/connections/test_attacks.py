"""Each known attack on a way back (RFC 9700): refused, and nothing stored."""

import asyncio
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from sqlalchemy import text

from db.tables import ConnectedAccount, OAuthSession
from tests.connections.conftest import CONNECT, query_of


def change(address, **fields):
    """An address with other fields in its query; None takes one out."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **fields}
    kept = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


async def is_a_dead_end(browser, address, status=400):
    """An error page: nobody is sent anywhere, and nothing of the address is shown."""
    answer = await browser.open(address)
    assert answer.status_code == status, answer.text
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert not any(value in answer.text for value in query_of(address).values() if len(value) > 3)
    return answer


async def test_a_state_that_was_used_is_refused(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    await browser.come_back(address)
    before = await counts()
    exchanged = len(await browser.token_calls(grant="authorization_code"))
    await is_a_dead_end(browser, address)
    assert await counts() == before
    assert len(await browser.token_calls(grant="authorization_code")) == exchanged
    assert len(await browser.list(mina)) == 1


async def test_of_ten_who_bring_one_state_at_once_one_is_let_in(browser, mina, make):
    address = await browser.agree(await browser.leave(mina))
    answers = await asyncio.gather(*(browser.open(address) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 9
    assert await make.count(ConnectedAccount) == 1
    assert len(await browser.token_calls(grant="authorization_code")) == 1


@pytest.mark.parametrize("state", ["", "x" * 43, "x" * 4096, "\x00", "%ff%fe", "ş"])
async def test_a_state_that_nobody_made_is_refused(browser, mina, counts, state):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    answer = await browser.open(change(address, state=state))
    assert answer.status_code == 400
    assert await counts() == before
    assert (await browser.come_back(address))[1]["status"] == "CONNECTED"


async def test_a_way_back_without_a_state_is_refused(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    await is_a_dead_end(browser, change(address, state=None))
    assert await counts() == before


async def test_a_state_that_is_too_old_is_refused(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    async with browser.database.transaction() as tx:
        await tx.session.execute(text("UPDATE oauth_sessions SET expires_at = now() - interval '1 second'"))
    before = await counts()
    await is_a_dead_end(browser, address)
    assert await counts() == before


async def test_a_state_does_not_count_at_anothers_door(browser, mina, counts, settings):
    """The mix-up attack: a code of one provider is brought to the door of another."""
    address = await browser.agree(await browser.leave(mina, "SPOTIFY"))
    before = await counts()
    for door in ("serato", "apple"):
        await is_a_dead_end(browser, address.replace("/oauth/spotify/", f"/oauth/{door}/"))
    await is_a_dead_end(browser, address.replace("/oauth/spotify/callback", "/api/serato/callback"))
    assert await counts() == before
    assert (await browser.sandbox.calls("serato.example")) == []
    assert (await browser.come_back(address))[1]["status"] == "CONNECTED"


@pytest.mark.parametrize("door", ["SPOTIFY", "Spotify", "stripe", "..", "spotify%00", "apple_music"])
async def test_there_are_no_other_doors(browser, mina, counts, door):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    answer = await browser.open(address.replace("/spotify/", f"/{door}/"))
    assert answer.status_code == 404
    assert await counts() == before


@pytest.mark.parametrize("issuer", [None, "https://evil.example", "http://127.0.0.1", ""])
async def test_at_serato_the_issuer_must_be_there_and_right(browser, mina, make, issuer):
    address = await browser.agree(await browser.leave(mina, "SERATO"))
    assert query_of(address)["iss"]
    _, said = await browser.come_back(change(address, iss=issuer))
    assert said == {"provider": "SERATO", "error": "INVALID_INPUT"}
    assert await make.count(ConnectedAccount) == 0
    assert await browser.token_calls("SERATO", "authorization_code") == []
    await is_a_dead_end(browser, address)


async def test_an_issuer_that_is_not_spotify_is_refused(browser, mina, make):
    address = await browser.agree(await browser.leave(mina))
    _, said = await browser.come_back(change(address, iss="https://evil.example"))
    assert said["error"] == "INVALID_INPUT"
    assert await make.count(ConnectedAccount) == 0


@pytest.mark.parametrize("provider", ["SPOTIFY", "SERATO"])
async def test_a_code_of_another_round_trip_is_refused(browser, mina, make, provider):
    """Code injection: the attacker's own code in the victim's way back. The verifier does not fit it."""
    attacker = await make.user("attacker")
    stolen = query_of(await browser.agree(await browser.leave(attacker, provider), user="theo"))["code"]
    address = await browser.agree(await browser.leave(mina, provider), user="mina")
    _, said = await browser.come_back(change(address, code=stolen))
    assert said == {"provider": provider, "error": "EXPIRED"}
    assert await make.count(ConnectedAccount) == 0


async def test_a_code_counts_once(browser, mina, make):
    """A used code with a fresh state: the provider refuses, and ends what the code gave before."""
    first = await browser.agree(await browser.leave(mina, "SERATO"))
    code = query_of(first)["code"]
    assert (await browser.come_back(first))[1]["status"] == "CONNECTED"
    other = await make.user("other")
    second = await browser.agree(await browser.leave(other, "SERATO"), user="theo")
    _, said = await browser.come_back(change(second, code=code))
    assert said["error"] == "EXPIRED"
    assert await make.count(ConnectedAccount) == 1


async def test_a_page_without_a_challenge_is_refused_by_the_provider(browser, mina, make):
    page = change(await browser.leave(mina, "SERATO"), code_challenge=None, code_challenge_method=None)
    address = await browser.agree(page)
    assert "code" not in query_of(address)
    _, said = await browser.come_back(address)
    assert said == {"provider": "SERATO", "error": "INVALID_INPUT"}
    assert await make.count(ConnectedAccount) == 0


async def test_a_verifier_that_was_changed_on_the_way_does_not_fit(browser, mina, make):
    page = change(await browser.leave(mina), code_challenge="A" * 43)
    _, said = await browser.come_back(await browser.agree(page))
    assert said == {"provider": "SPOTIFY", "error": "EXPIRED"}
    assert await make.count(ConnectedAccount) == 0


ALLOWED = "https://app.example/connected"


@pytest.mark.parametrize(
    "address",
    [
        f"{ALLOWED}.evil.example",
        f"{ALLOWED}/../../evil",
        f"{ALLOWED}?next=https://evil.example",
        f"{ALLOWED}#@evil.example",
        f"{ALLOWED}/",
        f" {ALLOWED}",
        f"{ALLOWED}\n",
        "https://app.example",
        "https://app.example/",
        "https://app.example.evil.example/connected",
        "https://app.example@evil.example/connected",
        "https://evil.example\\@app.example/connected",
        "https://app.example:8443/connected",
        "https://APP.example/connected",
        "HTTPS://app.example/connected",
        "https://app.example/Connected",
        "https://app.example/%63onnected",
        "https://app%2eexample/connected",
        "http://app.example/connected",
        "//app.example/connected",
        "\\\\app.example\\connected",
        "javascript:alert(1)",
        "data:text/html,x",
        "backline://connected/../evil",
        "backline://evil",
        "/oauth/done",
        "",
        "https://аpp.example/connected",  # noqa: RUF001 -- the letter that looks like ours is the point
        "x" * 10_000,
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_exactly_allowed(api, mina, counts, address):
    before = await counts()
    error = await api(mina).refused(CONNECT, provider="SPOTIFY", returnTo=address)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["returnTo"])
    assert await counts() == before


@pytest.mark.parametrize(
    "twice",
    ["state=another", "code=another", "error=access_denied&error=x", "iss=https://evil.example&iss=x", "state="],
)
async def test_what_is_there_twice_is_refused_and_uses_nothing_up(browser, mina, counts, twice):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    answer = await browser.open(f"{address}&{twice}")
    assert answer.status_code == 400
    assert await counts() == before
    assert (await browser.come_back(address))[1]["status"] == "CONNECTED"


async def test_what_is_too_long_is_refused(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    for name in ("code", "state", "iss", "error"):
        await is_a_dead_end(browser, change(address, **{name: "x" * 10_000}))
    assert await counts() == before


async def test_a_code_of_four_thousand_letters_reaches_nobody_with_harm(browser, mina, make):
    address = await browser.agree(await browser.leave(mina))
    _, said = await browser.come_back(change(address, code="x" * 4000))
    assert said["error"] == "EXPIRED"
    assert await make.count(ConnectedAccount) == 0


async def test_looking_ahead_uses_nothing_up(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    head = await browser.http.head(address)
    assert head.status_code == 405
    for headers in ({"sec-purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}):
        assert (await browser.open(address, headers=headers)).status_code == 503
    for method in ("OPTIONS", "PUT", "DELETE"):
        assert (await browser.http.request(method, address)).status_code == 405
    assert await counts() == before
    assert (await browser.come_back(address))[1]["status"] == "CONNECTED"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "ACCESS_DENIED"),
        ("user_cancelled_authorize", "ACCESS_DENIED"),
        ("temporarily_unavailable", "UNAVAILABLE"),
        ("server_error", "UNAVAILABLE"),
        ("<script>alert(1)</script>", "INVALID_INPUT"),
        ("", "INVALID_INPUT"),
    ],
)
async def test_a_providers_words_go_no_further(browser, mina, make, error, code):
    page = await browser.leave(mina)
    state = query_of(page)["state"]
    back = (
        f"{query_of(page)['redirect_uri']}?{urlencode({'state': state, 'error': error, 'error_description': 'evil'})}"
    )
    answer = await browser.open(back)
    assert answer.status_code == 303
    assert "evil" not in answer.headers["location"]
    assert "script" not in answer.headers["location"]
    assert query_of(answer.headers["location"]) == {"provider": "SPOTIFY", "error": code}
    assert await make.count(ConnectedAccount) == 0


async def test_an_error_and_a_code_together_are_an_error(browser, mina, make):
    address = await browser.agree(await browser.leave(mina))
    _, said = await browser.come_back(change(address, error="access_denied"))
    assert said["error"] == "ACCESS_DENIED"
    assert await make.count(ConnectedAccount) == 0
    assert await browser.token_calls(grant="authorization_code") == []


async def test_forms_are_read_carefully(browser, mina, make):
    """Apple sends people back by a form; whatever else is posted uses nothing up."""
    address = await browser.agree(await browser.leave(mina))
    bare, _, query = address.partition("?")
    post = browser.http.post
    assert (await post(bare, json=query_of(address))).status_code == 400
    assert (await post(bare, data={"state": "x" * 20_000})).status_code == 400
    assert (await post(f"{bare}?{query}", data=query_of(address))).status_code == 400
    many = "&".join(f"a{number}=1" for number in range(50))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await post(bare, content=f"{query}&{many}", headers=headers)).status_code == 400
    assert await make.count(ConnectedAccount) == 0
    answer = await post(bare, data=query_of(address), follow_redirects=False)
    assert answer.status_code == 303
    assert query_of(answer.headers["location"])["status"] == "CONNECTED"


async def test_who_comes_back_all_the_time_is_slowed(browser, settings, make):
    address = f"{settings.public_url}/oauth/spotify/callback?state={'x' * 43}"
    async with httpx.AsyncClient() as http:
        answers = [await http.get(address) for _ in range(75)]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {400, 429}
    slowed = next(answer for answer in answers if answer.status_code == 429)
    assert int(slowed.headers["retry-after"]) >= 1
    assert await make.count(OAuthSession) == 0
