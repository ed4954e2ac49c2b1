"""Importing a history that somebody uploaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from db.queries import plays, uploads
from db.session import Database
from db.tables import Upload
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.errors import Conflict, InvalidInput, NotFound
from domain.limits import IMPORTS_BY_PERSON
from domain.plays import MAX_HISTORY_BYTES
from domain.ports import Services
from domain.uploads import UploadPurpose, UploadStatus
from resolvers.limits import spend
from resolvers.plays import files
from resolvers.plays.files import Arrived, Outcome

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(minutes=5)
"""How far a clock may go before ours."""


async def import_file(
    database: Database,
    services: Services,
    actor: Actor,
    upload_id: UUID,
    *,
    time_zone: str | None = None,
    started_at: datetime | None = None,
) -> Outcome:
    """Take in the plays of a finished upload. The same file again adds nothing.

    Args:
        database: Where plays are kept.
        services: For the file, and who reads it.
        actor: Whose plays they are.
        upload_id: A stored upload for this purpose.
        time_zone: Where they were played, for files that hold a clock on the wall.
        started_at: When the first was played, for lists that hold no times.

    Raises:
        NotFound: The person has no such upload.
        Conflict: It is not stored, or was meant for something else.
        InvalidInput: The file cannot be read, or it needs a zone or a moment that was not given.
        RateLimited: Too many were read.
    """
    actor.require_scope(ApiScope.PROFILE)
    zone = files.zone_of(time_zone, "timeZone")
    _check_start(started_at)
    upload = await _find(database, actor.user_id, upload_id)
    async with database.session() as session:
        known = await plays.find_import_of(session, actor.user_id, upload_id)
    if known is not None:
        return files.again(known)
    _check(upload)
    often = "Too many histories at once. Wait a moment."
    await spend(services.limiter, f"imports:{actor.user_id}", IMPORTS_BY_PERSON, often)
    content = await services.files.read(upload.storage_key, limit=MAX_HISTORY_BYTES)
    try:
        history, sha256 = await files.read(services, content, filename=upload.filename, zone=zone)
    except InvalidInput as fault:
        raise InvalidInput(fault.message, *(fault.field if fault.field == ("timeZone",) else ("uploadId",))) from None
    arrived = Arrived(actor.user_id, upload.filename, upload.storage_key, sha256, upload_id=upload_id)
    async with database.transaction() as tx:
        outcome = await files.keep(tx, arrived, history, started_at=started_at)
        if outcome.again:
            # The upload stays as it is: asking again says the same, and its bytes go when its time is over.
            return outcome
        if await uploads.use(tx.session, actor.user_id, upload_id, UploadPurpose.PLAY_HISTORY) is None:
            raise Conflict("This upload was used a moment ago.", "uploadId")
    return outcome


async def _find(database: Database, user_id: UUID, upload_id: UUID) -> Upload:
    async with database.session() as session:
        own = await uploads.find_own(session, user_id, [upload_id])
    if upload_id not in own:
        raise NotFound("You have no upload with this id.", "uploadId")
    return own[upload_id]


def _check(upload: Upload) -> None:
    if upload.purpose is not UploadPurpose.PLAY_HISTORY:
        raise Conflict("This upload is for something else; ask for one with the purpose PLAY_HISTORY.", "uploadId")
    if upload.status is not UploadStatus.STORED or upload.expires_at <= datetime.now(UTC):
        raise Conflict("This upload cannot be used: call completeUploads, or send the file anew.", "uploadId")


def _check_start(started_at: datetime | None) -> None:
    if started_at is None:
        return
    if started_at.tzinfo is None:
        raise InvalidInput("Give the moment with its offset from UTC, such as 2026-03-01T22:00:00+01:00.", "startedAt")
    if not EARLIEST < started_at < datetime.now(UTC) + AHEAD:
        raise InvalidInput("A list began after 1990, and not in the future.", "startedAt")
