"""The connected account: read for a mission's window and what is around it, never else; and written down each time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db.queries import missions
from db.tables import ConnectedAccount, PlayHistoryRead
from domain.connections import AccountProvider, FlowPurpose, Vendor
from domain.errors import RateLimited, Unavailable
from domain.plays import TrustLevel
from resolvers.connections import connect
from resolvers.plays.pull import pull
from tests.connections.conftest import query_of

HOST = "serato.example"
VERIFIER = "v" * 64


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


class Decks:
    """A DJ whose Serato account is connected."""

    def __init__(self, booth, sandbox, mission, make):
        self.booth, self.sandbox, self.mission, self.make = booth, sandbox, mission, make
        self.database, self.services = booth.web.database, booth.web.services

    async def connect(self, person, name="mina"):
        serato = self.services.oauth[Vendor.SERATO]
        page = serato.authorization_url(FlowPurpose.CONNECT, state="s" * 43, code_verifier=VERIFIER, nonce="n")
        back = (await self.sandbox.decide(page, name)).headers["location"]
        tokens, profile = await serato.exchange(query_of(back)["code"], code_verifier=VERIFIER, nonce="n")
        who = connect.Connecting(person.id, person.actor.session_id, AccountProvider.SERATO)
        async with self.database.transaction() as tx:
            return await connect.record(tx, self.services, who, profile, tokens)

    async def plays(self, *moments):
        plays = [
            {"title": f"Track {place}", "artist": "Nova", "started_at": iso(at)} for place, at in enumerate(moments)
        ]
        await self.sandbox.control("POST", "/serato/users/mina/clear")
        await self.sandbox.control("POST", "/serato/users/mina/plays", {"plays": plays})

    async def pull(self, mission_id):
        async with self.database.session() as opened:
            found = await missions.find(opened, mission_id)
        return await pull(self.database, self.services, found)

    async def reads(self):
        async with self.database.session() as opened:
            return list((await opened.execute(select(PlayHistoryRead))).scalars())


@pytest.fixture
def decks(booth, sandbox, mission, make):
    return Decks(booth, sandbox, mission, make)


async def test_only_the_window_and_three_hours_around_it_are_read(decks, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    await decks.connect(dj)
    now = datetime.now(UTC).replace(microsecond=0)
    starts, ends = now - timedelta(hours=10), now - timedelta(hours=8)
    margin, second = timedelta(hours=3), timedelta(seconds=1)
    inside = [starts - margin, starts, ends, ends + margin - second]
    await decks.plays(starts - margin - second, *inside, ends + margin, now)
    mission_id = await decks.mission(dj, curator, starts_at=starts, ends_at=ends)
    assert await decks.pull(mission_id) == 4
    rows = await decks.booth.rows(dj)
    assert [row.played_at for row in rows] == inside
    assert {(row.trust, row.source.value, row.import_id) for row in rows} == {
        (TrustLevel.CONNECTED, "SERATO_ACCOUNT", None)
    }
    (read,) = await decks.reads()
    assert (read.user_id, read.mission_id, read.since, read.until) == (
        dj.id,
        mission_id,
        starts - margin,
        ends + margin,
    )
    assert read.play_count == 4
    (call,) = await decks.sandbox.calls(HOST, "/v1/history")
    assert "since=" in call["query"]
    assert "until=" in call["query"]
    assert await decks.pull(mission_id) == 4
    assert [row.id for row in await decks.booth.rows(dj)] == [row.id for row in rows]


async def test_nothing_is_read_before_the_window_or_without_an_account(decks, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    now = datetime.now(UTC)
    open_now = await decks.mission(dj, curator, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    assert await decks.pull(open_now) is None
    await decks.connect(dj)
    ahead = await decks.mission(dj, curator, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    assert await decks.pull(ahead) is None
    assert await decks.sandbox.calls(HOST, "/v1/history") == []
    assert await decks.reads() == []
    await decks.plays(now - timedelta(minutes=5))
    assert await decks.pull(open_now) == 1
    (read,) = await decks.reads()
    assert read.until <= datetime.now(UTC)


async def test_a_play_that_went_on_is_ended_by_the_next_look(decks, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    await decks.connect(dj)
    now = datetime.now(UTC)
    mission_id = await decks.mission(dj, curator, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    await decks.plays(now - timedelta(minutes=5))
    await decks.pull(mission_id)
    (before,) = await decks.booth.rows(dj)
    await decks.sandbox.control("POST", "/serato/users/mina/play", {"title": "Next"})
    await decks.pull(mission_id)
    first, *_ = await decks.booth.rows(dj)
    assert (first.id, first.received_at, before.ended_at) == (before.id, before.received_at, None)
    assert first.ended_at is not None


async def test_more_than_a_page_is_read_to_its_end(decks, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    await decks.connect(dj)
    now = datetime.now(UTC).replace(microsecond=0)
    mission_id = await decks.mission(dj, curator, starts_at=now - timedelta(hours=3), ends_at=now)
    await decks.plays(*(now - timedelta(seconds=10 * place + 5) for place in range(450)))
    assert await decks.pull(mission_id) == 450
    assert len(await decks.sandbox.calls(HOST, "/v1/history")) == 3


async def test_a_vendor_that_is_away_is_no_empty_history(decks, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    await decks.connect(dj)
    now = datetime.now(UTC)
    mission_id = await decks.mission(dj, curator, starts_at=now - timedelta(hours=1), ends_at=now)
    for rule, refusal in (
        ({"kind": "status", "status": 503}, Unavailable),
        ({"kind": "status", "status": 429}, RateLimited),
    ):
        await decks.sandbox.fault(host=HOST, path="/v1/history", **rule)
        with pytest.raises(refusal):
            await decks.pull(mission_id)
        await decks.sandbox.calm()
    assert await decks.reads() == []
    assert await decks.booth.rows(dj) == []


async def test_tokens_that_grew_old_are_renewed_and_access_that_ended_is_no_account(decks, make, web):
    dj, curator = await make.user("dj"), await make.user("curator")
    account_id = await decks.connect(dj)
    now = datetime.now(UTC)
    mission_id = await decks.mission(dj, curator, starts_at=now - timedelta(hours=1), ends_at=now)
    await decks.plays(now - timedelta(minutes=5))
    await decks.sandbox.control("POST", "/serato/users/mina/expire")
    assert await decks.pull(mission_id) == 1
    await decks.sandbox.control("POST", "/serato/users/mina/revoke")
    assert await decks.pull(mission_id) is None
    assert await decks.pull(mission_id) is None
    async with web.database.session() as opened:
        assert (await opened.get(ConnectedAccount, account_id)).status == "NEEDS_RECONNECT"
    assert len(await decks.reads()) == 1
