"""What companions send: who it is is known before the body is read, and their number counts in the end alone."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from db.queries import companions, plays
from db.session import Database, Tx
from db.tables import Companion
from domain.actors import Caller
from domain.addresses import network_of
from domain.companions import Claim, Head
from domain.errors import Conflict, DomainError, Forbidden, InvalidInput, Unauthenticated
from domain.ids import new_id
from domain.limits import COMPANION_FILES, UNKNOWN_COMPANIONS
from domain.plays import TrustLevel
from domain.ports import Services
from resolvers.limits import spend
from resolvers.plays import files
from resolvers.plays.files import Arrived, Outcome
from resolvers.uploads import HISTORIES, UNKNOWN_TYPE, promise_deletion

BY_COMPANION = (TrustLevel.SIGNED, TrustLevel.EXPORTED)


class OldCounter(Conflict):
    """The number of a request is not larger than the last one's.

    Attributes:
        counter: The last one's.
    """

    def __init__(self, counter: int) -> None:
        super().__init__("This number was used before; count on from the last one.")
        self.counter = counter


@dataclass(frozen=True)
class Admitted:
    """A companion that may send a file.

    Attributes:
        user_id: Whose it is.
        claim: What it says of the file; its signature holds.
        zone: Where the DJ is.
    """

    user_id: UUID
    claim: Claim
    zone: ZoneInfo


async def admit(database: Database, services: Services, caller: Caller, head: Head) -> Admitted:
    """Check who sends a file, by what its request says before its body.

    Raises:
        Unauthenticated: It is not signed by a companion that we know.
        Forbidden: The companion was revoked.
        OldCounter: The request is an old one.
        InvalidInput: There is no such time zone.
        RateLimited: Too much of this came.
    """
    try:
        claim, companion = await _identify(database, services, head)
    except Unauthenticated:
        key = f"unknown-companions:{network_of(caller.address)}"
        await spend(services.limiter, key, UNKNOWN_COMPANIONS, "Too many requests that nobody signed.")
        raise
    _check(companion, claim)
    zone = files.zone_of(claim.time_zone, "timeZone") or ZoneInfo("UTC")
    await spend(services.limiter, f"companion:{companion.id}", COMPANION_FILES, "Too many files. Wait a moment.")
    return Admitted(companion.user_id, claim, zone)


async def receive(database: Database, services: Services, admitted: Admitted, content: bytes, sha256: bytes) -> Outcome:
    """Take in the plays of a file that an admitted companion has sent.

    Args:
        database: Where plays are kept.
        services: For the file, and who reads it.
        admitted: Who sends it.
        content: The body.
        sha256: Its digest, taken while it came.

    Raises:
        InvalidInput: The body is not what was signed, or cannot be read; then nothing has happened, and the number of the
            request can be used again.
        Forbidden: The companion was revoked meanwhile.
        OldCounter: A later request of it was faster.
    """
    claim = admitted.claim
    if sha256 != claim.sha256:
        raise InvalidInput("The body is not the one that was signed.", "body")
    known = await _find_known(database, admitted.user_id, sha256)
    if known is not None:
        async with database.transaction() as tx:
            await _count_up(tx, claim)
        return known
    history, _ = await files.read(services, content, filename=claim.filename, zone=admitted.zone)
    async with _stored(services, content) as key:
        arrived = Arrived(admitted.user_id, claim.filename, key, sha256, companion_id=claim.companion_id)
        async with database.transaction() as tx:
            await _count_up(tx, claim)
            outcome = await files.keep(tx, arrived, history)
            if outcome.again:
                await promise_deletion(tx, [key])
    return outcome


async def _identify(database: Database, services: Services, head: Head) -> tuple[Claim, Companion]:
    claim = services.request_signatures.read(head)
    async with database.session() as session:
        companion = await companions.find(session, claim.companion_id)
    if companion is None or companion.public_key is None:
        raise Unauthenticated("The signature's keyid is no companion's.")
    if not services.request_signatures.holds(claim, companion.public_key):
        raise Unauthenticated("The signature does not hold: another key made it, or something was changed on the way.")
    return claim, companion


def _check(companion: Companion, claim: Claim) -> None:
    if companion.revoked_at is not None:
        raise Forbidden("This companion was revoked. Pair it again.")
    if claim.counter <= companion.counter:
        raise OldCounter(companion.counter)


async def _count_up(tx: Tx, claim: Claim) -> None:
    """Use the number of a request, if it is still to be used. The companion's row stays locked until the commit."""
    companion = await companions.find(tx.session, claim.companion_id, for_update=True)
    if companion is None:
        raise Unauthenticated("The signature's keyid is no companion's.")
    _check(companion, claim)
    await companions.count_up(tx.session, claim.companion_id, claim.counter)


async def _find_known(database: Database, user_id: UUID, sha256: bytes) -> Outcome | None:
    async with database.session() as session:
        for trust in BY_COMPANION:
            known = await plays.find_import(session, user_id, sha256, trust)
            if known is not None:
                return files.again(known)
    return None


@asynccontextmanager
async def _stored(services: Services, content: bytes) -> AsyncIterator[str]:
    """Keep a file, unless what is done with it fails."""
    key = f"{HISTORIES}{new_id()}"
    await services.files.write(key, content, content_type=UNKNOWN_TYPE)
    try:
        yield key
    except BaseException:
        with contextlib.suppress(DomainError, OSError):
            await services.files.delete([key])
        raise
