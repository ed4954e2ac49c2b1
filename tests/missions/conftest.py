"""Curators who ask, DJs who accept, and the sandbox's Stripe that takes the money."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from db import tables
from domain.accounts import Role
from domain.ids import from_wire, new_id, to_wire
from domain.jobs import JobKind
from domain.ledger import Occasion
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import receive
from tests.client import operation
from tests.payments.conftest import Till

CREATE, ACCEPT, CANCEL, SUBMIT, REVIEW, RATE, LIST = (
    operation(name)
    for name in (
        "CreateMission",
        "AcceptMission",
        "CancelMission",
        "SubmitMissionEvidence",
        "ReviewMissionEvidence",
        "RateMission",
        "Missions",
    )
)
WITHDRAW = """mutation ($input: WithdrawMissionInput!) {
  withdrawMission(input: $input) { mission { id status runner { id } } userErrors { code message field } } }"""
APPEAL = """mutation ($input: AppealMissionDecisionInput!) {
  appealMissionDecision(input: $input) { mission { id status } userErrors { code message field } } }"""
SEEN = """query ($id: ID!) { mission(id: $id) { id status viewerActions payoutMethodKind reviewDueAt
  verificationScheduledAt runner { id } payment { amount } checkout { status }
  evidence { note decision decisionNote files { filename contentType url } } review { rating text }
  statusHistory { from to reason actor { username } } payout { id } } }"""
NEWS = "{ viewer { notifications { nodes { kind title body subject { __typename } } } } }"
keys = itertools.count(1)


class Agency:
    """What curators and DJs do, and what became of it."""

    def __init__(self, till):
        self.till, self.make, self.api = till, till.make, till.api
        self.database, self.services = till.database, till.services

    async def earn(self, person, minor=100_00, currency=Currency.USD):
        """Let somebody have earned so much."""
        occasion = Occasion("Test", subject=("Broadcast", new_id()))
        async with self.database.transaction() as tx:
            await receive.receive(
                tx,
                EntryKind.TIP,
                Money(minor, currency),
                [Share(person.id, 1)],
                fee_basis_points=0,
                occasion=occasion,
            )

    @staticmethod
    def asked(*, begins=1.0, hours=4.0, key=None, **more):
        """What a mission may be asked for with; times in hours from now."""
        starts_at = datetime.now(UTC) + timedelta(hours=begins)
        given = {
            "title": "Saturday night",
            "trackRequirement": {"title": "Night Drive", "artist": "Mina & Kofi", "isrc": "gb-aye-06-00001"},
            "window": {
                "startsAt": starts_at.isoformat(),
                "endsAt": (starts_at + timedelta(hours=hours)).isoformat(),
            },
            "venue": {"name": "Zouk", "city": "Málaga", "latitude": 36.7, "longitude": -4.4},
            "budget": {"amount": "50.00", "currencyCode": "USD"},
            "fundFrom": "BALANCE",
            "idempotencyKey": key or f"mission-{next(keys)}",
        }
        return {**given, **more}

    async def create(self, curator, **more):
        """A mission, of a balance that has enough unless said otherwise."""
        asked = self.asked(**more)
        if asked["fundFrom"] == "BALANCE":
            await self.earn(curator, 50_00)
        return (await self.api(curator).do(CREATE, **asked))["mission"]

    async def accept(self, runner, mission, **more):
        return (await self.api(runner).do(ACCEPT, missionId=mission["id"], **more))["mission"]

    async def accepted(self, curator, runner, **more):
        """A mission that somebody does."""
        mission = await self.create(curator, **more)
        await self.accept(runner, mission)
        return mission

    async def seen(self, person, mission):
        return (await self.api(person)(SEEN, id=mission["id"]))["mission"]

    async def row(self, mission):
        key = from_wire("mission", mission["id"])
        async with self.database.session() as session:
            return (await session.execute(select(tables.Mission).where(tables.Mission.id == key))).scalar_one()

    async def status(self, mission):
        return (await self.row(mission)).status.value

    async def change(self, mission, **facts):
        """Write facts of a mission as if they had come about."""
        key = from_wire("mission", mission["id"])
        async with self.database.transaction() as tx:
            await tx.session.execute(update(tables.Mission).where(tables.Mission.id == key).values(**facts))

    async def pass_time(self, mission, **amount):
        """Let a mission's times lie so much earlier, and let its clock be heard."""
        row, ago = tables.Mission, timedelta(**amount)
        names = ("window_starts_at", "window_ends_at", "review_due_at", "accepted_at", "verification_scheduled_at")
        earlier = {name: getattr(row, name) - ago for name in names}
        await self.change(mission, **earlier)
        jobs, key = tables.JobRow, from_wire("mission", mission["id"])
        async with self.database.transaction() as tx:
            waiting = jobs.kind.in_([JobKind.CLOSE_MISSION]), jobs.payload["missionId"].astext == str(key)
            await tx.session.execute(
                update(jobs).where(*waiting, jobs.status == "PENDING").values(run_at=jobs.run_at - ago)
            )
        await self.make.run_jobs()

    async def upload(self, person, filename="set.png"):
        """A finished upload for evidence; gives its id."""
        upload_id = new_id()
        async with self.database.transaction() as tx:
            tx.session.add(
                tables.Upload(
                    id=upload_id,
                    user_id=person.id,
                    purpose="MISSION_EVIDENCE",
                    status="STORED",
                    filename=filename,
                    content_type="image/png",
                    byte_size=10,
                    storage_key=f"evidence/{upload_id}",
                    expires_at=datetime.now(UTC) + timedelta(hours=1),
                )
            )
        return to_wire("upload", upload_id)

    async def submit(self, runner, mission, *, note="It was at one", files=()):
        return await self.api(runner).do(SUBMIT, missionId=mission["id"], note=note, uploadIds=list(files))

    async def decide(self, person, mission, decision="APPROVED", note=None):
        return await self.api(person).do(REVIEW, missionId=mission["id"], decision=decision, note=note)

    async def news(self, person):
        """What somebody was told, the latest first: kinds."""
        found = (await self.api(person)(NEWS))["viewer"]["notifications"]["nodes"]
        return [each["kind"] for each in found if each["subject"]]

    async def has(self, person, kind=AccountKind.AVAILABLE):
        return await self.till.of(person, kind)

    async def held(self):
        """What lies in holds, all together."""
        row = tables.LedgerAccount
        async with self.database.session() as session:
            statement = select(func.coalesce(func.sum(row.balance_minor), 0)).where(row.kind == AccountKind.HOLD)
            return int((await session.execute(statement)).scalar_one())


@pytest.fixture
async def till(web, sandbox, make, api):
    """The till; the books are checked after each test."""
    made = Till(web, sandbox, make, api)
    yield made
    await made.settle()
    await made.check()


@pytest.fixture
def agency(till):
    return Agency(till)


@pytest.fixture
async def mina(make):
    """Asks."""
    return await make.user("mina")


@pytest.fixture
async def kofi(make):
    """Plays."""
    return await make.user("kofi")


@pytest.fixture
async def ines(make):
    """Runs the platform."""
    return await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
