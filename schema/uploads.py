"""Files on their way in."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access.accounts import own
from domain.ids import Prefix, from_wire, to_wire
from domain.uploads import FileFacts, UploadFailureCode, UploadPurpose, UploadStatus, find_faults
from engine.declare import Node, column, embedded, entity, part
from engine.executor import refs
from resolvers import uploads
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.refusals import UserError
from schema.words import describe

describe(
    UploadPurpose,
    "What a file is to become.",
    PROFILE_PHOTO="The picture of your profile.",
    PLAY_HISTORY="A history of your DJ software, for `importPlayHistory`.",
    MISSION_EVIDENCE="Evidence that you played a mission's track, for `submitMissionEvidence`.",
)
describe(
    UploadStatus,
    "Where a file on its way in stands.",
    WAITING="Its bytes have not been looked at yet.",
    STORED="It is fine and can be used.",
    USED="It has become what it was for.",
    FAILED="It cannot be used; `failure` says why.",
    EXPIRED="It was not used in time and is gone.",
)
describe(
    UploadFailureCode,
    "Why a file cannot be used.",
    MISSING="No bytes were sent.",
    WRONG_SIZE="More or fewer bytes were sent than were announced.",
    UNUSABLE="It is not the kind of file that is wanted, is damaged, or holds something else as well.",
)


@part
class UploadFailure:
    """Why a file cannot be used."""

    code: UploadFailureCode = strawberry.field(description="What kind of fault it is.")
    message: str = strawberry.field(description="A sentence for the person.")


@entity(tables.Upload, id=Prefix.UPLOAD, visible=own)
class Upload(Node):
    """A file of yours on its way in."""

    filename: str = column("Its name on your disk.")
    purpose: UploadPurpose = column("What it is to become.")
    status: UploadStatus = column("Where it stands.")
    created_at: datetime = column("When you asked for it.")
    expires_at: datetime = column("Until when it can be sent, or, once it is stored, used.")
    failure: UploadFailure | None = embedded(
        "Why it cannot be used; null unless it failed.",
        when=tables.Upload.failure_code,
        code=tables.Upload.failure_code,
        message=tables.Upload.failure_message,
    )


@strawberry.type(description="A header of an HTTP request.")
class HttpHeader:
    """A header."""

    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="What it says.")


@strawberry.type(description="Where to send the bytes of one file.")
class UploadTarget:
    """A request to make."""

    id: strawberry.ID = strawberry.field(description="The upload's id; give it to `completeUploads` afterwards.")
    filename: str = strawberry.field(description="Which of the files.")
    method: str = strawberry.field(description="The HTTP method.")
    url: str = strawberry.field(description="Where to. It holds once and must be kept secret.")
    headers: list[HttpHeader] = strawberry.field(description="What the request must carry.")
    part_size: int | None = strawberry.field(
        default=None, description="How many bytes each part has, where a file is sent in parts; null: send it whole."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be sent.")

    @staticmethod
    def of(target: uploads.Target) -> UploadTarget:
        """Put it into the words of the schema."""
        return UploadTarget(
            id=strawberry.ID(to_wire(Prefix.UPLOAD, target.upload_id)),
            filename=target.filename,
            method=target.grant.method,
            url=target.grant.url,
            headers=[HttpHeader(name=name, value=value) for name, value in target.grant.headers.items()],
            expires_at=target.grant.expires_at,
        )


@strawberry.input(description="A file that you want to send.")
class UploadFileInput:
    """One file."""

    filename: str = strawberry.field(description="Its name on your disk, up to 255 characters.")
    content_type: str = strawberry.field(
        description="Its media type. A photo is `image/jpeg`, `image/png` or `image/webp`; a history any; evidence a picture, "
        "`application/pdf`, `video/mp4`, or sound as `audio/mpeg`, `audio/mp4`, `audio/wav`, `audio/flac`, `audio/ogg`."
    )
    byte_size: int = strawberry.field(
        description="Its length in bytes: at most 10 MiB for a photo, 64 for a history, 50 for evidence. Exactly so many "
        "will be taken."
    )


@strawberry.input(description="Files that you want to send.")
class CreateUploadsInput:
    """The input of `createUploads`."""

    purpose: UploadPurpose = strawberry.field(description="What they are to become.")
    files: list[UploadFileInput] = strawberry.field(description="1 to 20 files.")


@strawberry.type(description="The answer to `createUploads`.")
class CreateUploadsPayload(Payload):
    """Where to send them."""

    uploads: list[UploadTarget] | None = strawberry.field(
        default=None, description="Where to send each file, in the order given."
    )


@strawberry.input(description="Uploads whose bytes have been sent.")
class CompleteUploadsInput:
    """The input of `completeUploads`."""

    upload_ids: list[strawberry.ID] = strawberry.field(description="Up to 20 uploads.")


@strawberry.type(description="The answer to `completeUploads`.")
class CompleteUploadsPayload(Payload):
    """What became of them."""

    uploads: list[Upload] | None = strawberry.field(default=None, description="The uploads, in the order given.")


@strawberry.type
class UploadMutations:
    """Deeds about uploads."""

    @deed("Ask where to send files. Send each one's bytes there, then call `completeUploads`.")
    async def create_uploads(self, info: Info, input: CreateUploadsInput) -> CreateUploadsPayload:
        """Allow files to be sent."""
        context, actor = info.context, info.context.signed_in
        files = [FileFacts(file.filename, file.content_type.strip().lower(), file.byte_size) for file in input.files]
        faults = find_faults(files, input.purpose, "files")
        if faults:
            return CreateUploadsPayload(user_errors=[UserError.of(fault) for fault in faults])
        targets = await uploads.create(context.database, context.services, actor, purpose=input.purpose, files=files)
        return CreateUploadsPayload(uploads=[UploadTarget.of(target) for target in targets])

    @deed(
        "Say that files have been sent. Each is looked at: it is STORED and can be used for its purpose, or FAILED.",
        cost=DEAR,
    )
    async def complete_uploads(self, info: Info, input: CompleteUploadsInput) -> CompleteUploadsPayload:
        """Look at what was sent."""
        context, actor = info.context, info.context.signed_in
        given = enumerate(input.upload_ids)
        ids = [from_wire(Prefix.UPLOAD, each, "uploadIds", str(place)) for place, each in given]
        done = await uploads.complete(context.database, context.services, actor, ids)
        return CompleteUploadsPayload(uploads=refs(Upload, done))
