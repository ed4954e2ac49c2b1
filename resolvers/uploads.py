"""Files on their way in: permission to send them, and what becomes of what was sent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from db.queries import uploads
from db.session import Database, Tx
from db.tables import Upload
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.errors import InvalidInput, NotFound
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.limits import UPLOADS_BY_PERSON
from domain.ports import Grant, Services
from domain.texts import clean_text
from domain.uploads import (
    EVIDENCE_SUFFIXES,
    MAX_FILENAME,
    MAX_UPLOADS,
    TERMS,
    FileFacts,
    UploadFailureCode,
    UploadPurpose,
    UploadStatus,
    begins_as,
    find_faults,
)
from resolvers.limits import spend

log = logging.getLogger(__name__)

RAW: Final = "uploads/"
PHOTOS: Final = "photos/"
HISTORIES: Final = "histories/"
EVIDENCE: Final = "evidence/"
UNKNOWN_TYPE: Final = "application/octet-stream"
SWEPT_AFTER: Final = timedelta(minutes=10)
"""The bytes that people send are removed so long after the permission to send them is over, whatever became of them."""

EXPIRED_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Target:
    """Where to send one file.

    Attributes:
        upload_id: The upload's id.
        filename: Which file.
        grant: The request to send its bytes with.
    """

    upload_id: UUID
    filename: str
    grant: Grant


async def create(
    database: Database, services: Services, actor: Actor, *, purpose: UploadPurpose, files: list[FileFacts]
) -> list[Target]:
    """Allow somebody to send files. Their bytes go to the file store, not through GraphQL.

    Raises:
        InvalidInput: One of the files cannot be; `find_faults` tells all that is wrong.
        RateLimited: Too many were asked for.
    """
    actor.require_scope(ApiScope.PROFILE)
    for fault in find_faults(files, purpose, "files"):
        raise fault
    often = "Too many uploads. Wait a moment."
    await spend(services.limiter, f"uploads:{actor.user_id}", UPLOADS_BY_PERSON, often)
    targets: list[Target] = []
    async with database.transaction() as tx:
        for file in files:
            named = replace(file, filename=clean_text(file.filename, most=MAX_FILENAME))
            targets.append(await _allow(tx, services, actor.user_id, purpose, named))
        last = max(target.grant.expires_at for target in targets)
        keys = [f"{RAW}{target.upload_id}" for target in targets]
        await promise_deletion(tx, keys, after=last + SWEPT_AFTER)
    return targets


async def complete(database: Database, services: Services, actor: Actor, upload_ids: Sequence[UUID]) -> list[UUID]:
    """Look at what was sent, and make of it what can be used. Each file stands for itself; one that was looked at stays.

    Returns:
        The ids, in the order given and without repeats.

    Raises:
        NotFound: One of the uploads is not the person's; then none is looked at.
        InvalidInput: There are too many.
    """
    actor.require_scope(ApiScope.PROFILE)
    if len(upload_ids) > MAX_UPLOADS:
        raise InvalidInput(f"At most {MAX_UPLOADS} uploads at once.", "uploadIds")
    async with database.session() as session:
        own = await uploads.find_own(session, actor.user_id, upload_ids)
    for index, upload_id in enumerate(upload_ids):
        if upload_id not in own:
            raise NotFound("You have no upload with this id.", "uploadIds", str(index))
    ids = list(dict.fromkeys(upload_ids))
    for upload in (own[upload_id] for upload_id in ids if own[upload_id].status is UploadStatus.WAITING):
        if upload.expires_at > datetime.now(UTC):
            await _finish(database, services, upload)
        else:
            await expire(database, upload.id)
    return ids


async def take_in(
    database: Database,
    services: Services,
    actor: Actor,
    *,
    purpose: UploadPurpose,
    file: FileFacts,
    read: Callable[[int], Awaitable[bytes]],
) -> UUID:
    """Take in a small file whose bytes are here already, as if it had been sent where `create` allows.

    Args:
        database: Keeps what is known of it.
        services: For the file store.
        actor: Whose file it is.
        purpose: What it is to become.
        file: What they say of it.
        read: Gives its bytes, of which there are so many at most.

    Returns:
        The upload's id; it is STORED.

    Raises:
        InvalidInput: It cannot be used.
        RateLimited: Too many were sent.
    """
    actor.require_scope(ApiScope.PROFILE)
    for fault in find_faults([file], purpose):
        raise InvalidInput(fault.message, "file")
    (target,) = await create(database, services, actor, purpose=purpose, files=[file])
    content = await read(TERMS[purpose].most)
    await services.files.write(f"{RAW}{target.upload_id}", content, content_type=file.content_type)
    await complete(database, services, actor, [target.upload_id])
    async with database.session() as session:
        upload = (await uploads.find_own(session, actor.user_id, [target.upload_id]))[target.upload_id]
    if upload.status is UploadStatus.FAILED:
        raise InvalidInput(upload.failure_message or "It cannot be used.", "file")
    return target.upload_id


async def expire(database: Database, upload_id: UUID | None = None) -> int:
    """Give up files that never came or were never used, or one of them; any number of processes may do this at once.

    Returns:
        How many.
    """
    async with database.transaction() as tx:
        keys = await uploads.expire(tx.session, EXPIRED_AT_ONCE, upload_id)
        await promise_deletion(tx, [key for key in keys if not key.startswith(RAW)])
    return len(keys)


async def promise_deletion(tx: Tx, keys: Sequence[str], *, after: Any = None) -> None:
    """Have files removed, now or after a moment; nothing happens without keys."""
    if keys:
        await tx.later(Job(JobKind.DELETE_FILES, str(new_id()), {"keys": list(keys)}, run_at=after))


async def delete_files(services: Services, payload: Mapping[str, Any]) -> None:
    """Remove files. Doing it again changes nothing.

    Args:
        services: For the file store.
        payload: ``keys``, where they lie.
    """
    await services.files.delete([str(key) for key in payload["keys"]])


async def _allow(tx: Tx, services: Services, user_id: UUID, purpose: UploadPurpose, file: FileFacts) -> Target:
    upload_id = new_id()
    key = f"{RAW}{upload_id}"
    grant = services.files.grant_upload(key, content_type=file.content_type, byte_size=file.byte_size)
    await uploads.add(
        tx.session,
        upload_id=upload_id,
        user_id=user_id,
        purpose=purpose,
        file=file,
        storage_key=key,
        expires_at=grant.expires_at,
    )
    return Target(upload_id, file.filename, grant)


async def _finish(database: Database, services: Services, upload: Upload) -> None:
    """Keep what was sent under a key of its own; no transaction is open meanwhile, since a picture takes its time."""
    made = await _make(services, upload)
    if isinstance(made, Fault):
        async with database.transaction() as tx:
            await uploads.fail(tx.session, upload.id, made.code, made.message)
        return
    await services.files.write(made.key, made.content, content_type=made.content_type)
    async with database.transaction() as tx:
        if not await uploads.store(tx.session, upload.id, made.key):
            await promise_deletion(tx, [made.key])


@dataclass(frozen=True)
class Fault:
    """Why a file cannot be used."""

    code: UploadFailureCode
    message: str


@dataclass(frozen=True)
class Made:
    """What is kept of a file.

    Its key is of this attempt alone: two calls at once do not write over, or delete, what the other has stored.
    """

    key: str
    content: bytes
    content_type: str


async def _make(services: Services, upload: Upload) -> Made | Fault:
    try:
        content = await services.files.read(upload.storage_key, limit=TERMS[upload.purpose].most)
    except NotFound:
        return Fault(UploadFailureCode.MISSING, "Its bytes have not come. Ask for another upload and send them there.")
    except InvalidInput as fault:
        return Fault(UploadFailureCode.WRONG_SIZE, fault.message)
    if len(content) != upload.byte_size:
        return Fault(UploadFailureCode.WRONG_SIZE, f"It has {len(content)} bytes, not {upload.byte_size}.")
    try:
        return await _shape(services, upload, content)
    except InvalidInput as fault:
        return Fault(UploadFailureCode.UNUSABLE, fault.message)


async def _shape(services: Services, upload: Upload, content: bytes) -> Made:
    """Make of a file's bytes what is kept of them.

    Raises:
        InvalidInput: They cannot be used for their purpose.
    """
    if upload.purpose is UploadPurpose.PROFILE_PHOTO:
        return Made(f"{PHOTOS}{new_id()}.webp", await services.photos.portrait(content), "image/webp")
    if upload.purpose is UploadPurpose.PLAY_HISTORY:
        # What it is, its content says when it is read; what its sender's system calls it matters to nobody.
        return Made(f"{HISTORIES}{new_id()}", content, UNKNOWN_TYPE)
    if not begins_as(upload.content_type, content):
        raise InvalidInput(f"It does not begin as a file of the type {upload.content_type} does.")
    return Made(f"{EVIDENCE}{new_id()}{EVIDENCE_SUFFIXES[upload.content_type]}", content, upload.content_type)
