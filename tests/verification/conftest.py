"""Missions that are accepted, and histories that prove them or do not."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from db import tables
from db.queries import missions
from db.queries.plays import Placed
from db.tables import JobRow, LedgerAccount, Mission, MissionProof, VerificationAttempt
from domain.accounts import Role
from domain.ids import new_id, to_wire
from domain.jobs import JobKind
from domain.ledger import Occasion
from domain.missions import MissionStatus, VerificationMethod
from domain.money import AccountKind, Currency, Money
from domain.plays import Play, PlaySource, TrustLevel
from resolvers.ledger.holds import hold
from resolvers.missions.schedule import schedule
from resolvers.plays.write import write

WANTED = ("Late Tram", "Marchand")


def set_of(ends_at, *, count=12, wanted=WANTED, place=6, minutes=4, prefix="1"):
    """Tracks played back to back on two decks, the last of them up to a moment; the wanted one among them."""
    begins = ends_at - timedelta(minutes=minutes * count)
    for number in range(count):
        title, artist = wanted if number == place and wanted else (f"{prefix} track {number}", f"Artist {number}")
        start = begins + timedelta(minutes=minutes * number)
        yield Play(
            key=f"{prefix}:{number}",
            title=title,
            artist=artist,
            started_at=start,
            ended_at=start + timedelta(minutes=minutes),
            played_seconds=minutes * 60.0,
            deck=number % 2 + 1,
            audible=True,
        )


class Stage:
    """Makes missions whose window is where a test wants it, and gives their runners a history."""

    def __init__(self, make):
        self.make = make
        self.database, self.services = make.database, make.services

    async def mission(self, *, hours_ago=2.0, lasts=1.5, auto_verify=True, curator=None, runner=None, **facts):
        """A mission that somebody does; its window began some hours ago. Its money is held."""
        curator = curator or await self.make.user(roles=(Role.CURATOR,))
        runner = runner or await self.make.user(roles=(Role.DJ,))
        mission_id, hold_id, now = new_id(), new_id(), datetime.now(UTC)
        starts_at = now - timedelta(hours=hours_ago)
        async with self.database.transaction() as tx:
            budget = Money(5_000, Currency.USD)
            occasion = Occasion("Mission", subject=("Mission", mission_id), by=curator.id)
            await hold(tx, hold_id, budget, occasion=occasion)
            await missions.add(
                tx.session,
                mission_id,
                **{
                    "curator_id": curator.id,
                    "runner_id": runner.id,
                    "status": MissionStatus.ACCEPTED,
                    "title": "Play it",
                    "track_title": WANTED[0],
                    "track_artist": WANTED[1],
                    "window_starts_at": starts_at,
                    "window_ends_at": starts_at + timedelta(hours=lasts),
                    "currency": budget.currency,
                    "amount_minor": budget.minor,
                    "fee_basis_points": 500,
                    "verification_method": VerificationMethod.AUTOMATED,
                    "auto_verify": auto_verify,
                    "requires_gig": True,
                    "hold_id": hold_id,
                    "funded_at": now,
                    "accepted_at": starts_at - timedelta(hours=1),
                    **facts,
                },
            )
            mission = await missions.lock(tx.session, mission_id)
            await schedule(tx, mission, at=now)
        return mission_id, curator, runner

    async def play(self, runner, plays, *, trust=TrustLevel.SIGNED, source=PlaySource.SERATO):
        """Let somebody have played."""
        async with self.database.transaction() as tx:
            placed = [Placed(play, play.started_at, time_known=True) for play in plays]
            await write(tx, runner.id, placed, source=source, trust=trust)

    async def look(self):
        """Let verification be due, and do it."""
        async with self.database.transaction() as tx:
            due = tables.JobRow.kind == JobKind.VERIFY_MISSION
            await tx.session.execute(update(JobRow).where(due).values(run_at=datetime.now(UTC) - timedelta(seconds=1)))
            await tx.session.execute(
                update(VerificationAttempt)
                .values(next_attempt_at=datetime.now(UTC) - timedelta(seconds=1))
                .where(VerificationAttempt.next_attempt_at.is_not(None))
            )
        return await self.make.run_jobs()

    async def read(self, mission_id):
        async with self.database.session() as session:
            return await missions.find(session, mission_id)

    async def attempts(self, mission_id):
        async with self.database.session() as session:
            statement = select(VerificationAttempt).where(VerificationAttempt.mission_id == mission_id)
            return (await session.scalars(statement.order_by(VerificationAttempt.number))).all()

    async def proof(self, mission_id):
        async with self.database.session() as session:
            statement = select(MissionProof).where(MissionProof.mission_id == mission_id)
            return (await session.scalars(statement)).one_or_none()

    async def has(self, person):
        """What somebody has available, in cents."""
        statement = select(LedgerAccount.balance_minor).where(
            LedgerAccount.owner_id == person.id, LedgerAccount.kind == AccountKind.AVAILABLE
        )
        async with self.database.session() as session:
            return (await session.execute(statement)).scalar_one_or_none() or 0

    async def change(self, mission_id, **facts):
        async with self.database.transaction() as tx:
            await tx.session.execute(update(Mission).where(Mission.id == mission_id).values(**facts))


def wire(mission_id):
    return to_wire("mission", mission_id)


@pytest.fixture
def stage(make):
    return Stage(make)
