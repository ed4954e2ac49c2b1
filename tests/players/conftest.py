"""Curators whose players are in the sandbox, and turns of the job that asks them."""

import pytest
from sqlalchemy import func, select, update

from db.tables import ConnectedAccount, FollowedPlayer, JobRow, RoomTrack
from domain.connections import AccountProvider, FlowPurpose, Profile, Tokens, Vendor
from domain.jobs import JobKind, JobStatus
from domain.tracks import TrackFacts
from integrations import valkey
from jobs.run import run_job
from resolvers.broadcasts.tracks import set_now_playing
from resolvers.connections import connect
from tests.client import operation
from tests.connections.conftest import query_of

START, SET, ROOM, BEAT, JOIN = (
    operation(name)
    for name in ("StartBroadcast", "SetNowPlaying", "BroadcastRoom", "SendBroadcastHeartbeat", "JoinBroadcast")
)
VERIFIER = "v" * 64
SONGS = [
    {"title": "Taxi to Soweto", "artists": ["Blue Minibus"], "isrc": "ZAUX12600001", "duration_ms": 214_500},
    {"title": "Yebo", "artists": ["Kwaito Kids", "Mina"], "isrc": "ZAUX12600002", "duration_ms": 180_000},
    {"title": "Lagos by night", "artists": ["Eko Drum"], "duration_ms": 200_000},
]
API = "api.spotify.com"
ASKED = "/v1/me/player/currently-playing"


class Stage:
    """Makes curators with players, and lets turns happen."""

    def __init__(self, web, sandbox, make):
        self.database, self.services, self.settings = web.database, web.services, web.settings
        self.sandbox, self.make = sandbox, make

    async def user(self, name="mina", *, songs=SONGS, playing=True):
        """Somebody at Spotify."""
        facts = {"id": name, "playlist": songs, "playing": playing}
        return await self.sandbox.control("POST", "/spotify/users", json=facts)

    async def player(self, deed, name="mina", **facts):
        """Do something with a player there."""
        return await self.sandbox.control("POST", f"/spotify/players/{name}/{deed}", json=facts)

    async def connect(self, person, name="mina"):
        """Connect somebody's account, by the platform's own deed; gives the account's id."""
        spotify = self.services.oauth[Vendor.SPOTIFY]
        page = spotify.authorization_url(FlowPurpose.CONNECT, state="s" * 43, code_verifier=VERIFIER, nonce="n")
        back = (await self.sandbox.decide(page, name)).headers["location"]
        tokens, profile = await spotify.exchange(query_of(back)["code"], code_verifier=VERIFIER, nonce="n")
        return await self.write(person, AccountProvider.SPOTIFY, profile, tokens)

    async def write(self, person, provider, profile, tokens: Tokens):
        """Write an account down as connected."""
        who = connect.Connecting(person.id, person.actor.session_id, provider)
        async with self.database.transaction() as tx:
            return await connect.record(tx, self.services, who, profile, tokens)

    async def curator(self, name="mina", **facts):
        """Somebody whose account at Spotify is connected."""
        await self.user(name, **facts)
        person = await self.make.user(name)
        await self.connect(person, name)
        return person

    async def room(self, name="mina", **facts):
        """A room that follows its curator's player, heard by one listener, and not asked yet."""
        room = await self.make.room(await self.curator(name, **facts))
        await self.make.listener(room)
        return room

    async def turn(self, kind=JobKind.POLL_PLAYER):
        """Let every such job have its turn now, whatever its time; gives how many worked."""
        client = valkey.connect(self.settings.redis_url)
        if keys := await client.keys("limit:player:*"):
            await client.delete(*keys)
        await client.aclose()
        async with self.database.transaction() as tx:
            waiting = (JobRow.kind == kind) & (JobRow.status == JobStatus.PENDING)
            await tx.session.execute(update(JobRow).where(waiting).values(run_at=func.now()))
        return sum([await run_job(self.database, self.services, job.id) for job in await self.jobs(kind)])

    async def apple(self, person, name="mina"):
        """Connect somebody's account at Apple Music; gives its id."""
        token = (await self.sandbox.control("POST", "/apple_music/users", json={"id": name}))["music_user_token"]
        return await self.write(person, AccountProvider.APPLE_MUSIC, Profile(f"apple-{name}"), Tokens(token))

    async def played(self, name="mina", **song):
        """Put a song on top of what somebody played lately at Apple Music."""
        return await self.sandbox.control("POST", f"/apple_music/users/{name}/played", json=song)

    async def say(self, room, track, **facts):
        """Let the curator's app say what plays."""
        from_input = TrackFacts(**track) if track else None
        async with self.database.transaction() as tx:
            await set_now_playing(tx, room.curator.actor, room.id, track=from_input, **facts)

    async def jobs(self, kind=JobKind.POLL_PLAYER):
        """All such jobs."""
        async with self.database.session() as session:
            found = await session.execute(select(JobRow).where(JobRow.kind == kind).order_by(JobRow.created_at))
            return found.scalars().all()

    async def wait(self):
        """How long the only polling job waits now, in seconds."""
        (job,) = await self.jobs()
        assert job.status is JobStatus.PENDING
        async with self.database.session() as session:
            now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        return (job.run_at - now).total_seconds()

    async def calls(self):
        """How often players were asked in this test."""
        return len(await self.sandbox.calls(API, ASKED))

    async def tracks(self):
        """What played, in order."""
        async with self.database.session() as session:
            return (await session.execute(select(RoomTrack).order_by(RoomTrack.started_at))).scalars().all()

    async def on(self):
        """What is on in the only room; None when nothing is."""
        found = [track for track in await self.tracks() if track.ended_at is None]
        return found[0] if found else None

    async def followed(self):
        """The players that rooms follow."""
        async with self.database.session() as session:
            return (await session.execute(select(FollowedPlayer))).scalars().all()

    async def account(self, account_id):
        async with self.database.session() as session:
            return await session.get(ConnectedAccount, account_id)


@pytest.fixture
def stage(web, sandbox, make):
    return Stage(web, sandbox, make)
