"""Files made of what you may see."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from db import tables
from db.access.accounts import own
from domain.exports import ExportFailureCode, ExportFormat, ExportKind, ExportStatus
from domain.ids import Prefix
from domain.wallet import check_period
from engine.declare import Node, column, embedded, entity, finished, part
from engine.executor import ref
from resolvers.exports import create
from schema.context import Context, Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    ExportKind,
    "What an export holds.",
    MISSION_REPORT="What was played and paid for your missions, as their curator.",
    TRANSACTIONS="What moved your money.",
    PAYOUTS="Your payouts.",
)
describe(
    ExportFormat,
    "What kind of file it is.",
    CSV="A table for spreadsheets: UTF-8 with its mark, commas, the names of the columns in the first line. Texts that a "
    "spreadsheet would take for a formula have an apostrophe in front. Up to 100,000 rows.",
    JSON="An array of objects, with the names of this schema. Up to 100,000 rows.",
    PDF="A table to be printed. Up to 5,000 rows.",
)
describe(
    ExportStatus,
    "Where an export stands.",
    WAITING="It was asked for.",
    RUNNING="It is being made.",
    READY="The file can be fetched.",
    FAILED="There is no file; `failure` says why.",
    EXPIRED="The file was kept for a week and is gone.",
)
describe(
    ExportFailureCode,
    "Why there is no file.",
    TOO_LARGE="It would have more rows than its format can have. Ask for fewer days.",
    GIVEN_UP="It could not be made within a day. Ask for it again.",
)


@part
class ExportFailure:
    """Why there is no file."""

    code: ExportFailureCode = strawberry.field(description="What kind of fault it is.")
    message: str = strawberry.field(description="A sentence for the person.")


@entity(tables.Export, id=Prefix.EXPORT, visible=own)
class Export(Node):
    """A file of yours that is being made, or was. Ask `node` for it again until it is READY."""

    kind: ExportKind = column("What it holds.")
    format: ExportFormat = column("What kind of file it is.")
    status: ExportStatus = column("Where it stands.")
    progress: int = column("How far it is, in per cent.")
    from_: date = column("The first day, in UTC.", tables.Export.from_day)
    to: date = column("The last day, in UTC.", tables.Export.to_day)
    created_at: datetime = column("When you asked for it.")
    finished_at: datetime | None = column("When it was made, or failed; null until then.")
    expires_at: datetime | None = column("Until when the file is kept; null until there is one.")
    failure: ExportFailure | None = embedded(
        "Why there is no file; null unless it failed.",
        when=tables.Export.failure_code,
        code=tables.Export.failure_code,
        message=tables.Export.failure_message,
    )

    @finished(tables.Export.status, tables.Export.storage_key)
    def download_url(status: ExportStatus, key: str | None, context: Context) -> str | None:
        """Where to fetch the file, for an hour at least: keep it secret. Null unless it is READY."""
        if key is None or status != ExportStatus.READY:
            return None
        return context.services.files.sign_download(key)


@strawberry.input(description="A file to make.")
class CreateExportInput:
    """The input of `createExport`."""

    kind: ExportKind = strawberry.field(description="What it is to hold.")
    format: ExportFormat = strawberry.field(description="What kind of file it is to be.")
    from_: date = strawberry.field(name="from", description="The first day, in UTC.")
    to: date = strawberry.field(description="The last day, in UTC; a year after the first at most.")
    idempotency_key: str = strawberry.field(
        description="Any text of your own, up to 200 characters: the same one gives the same export."
    )


@strawberry.type(description="The answer to `createExport`.")
class CreateExportPayload(Payload):
    """The export."""

    export: Export | None = strawberry.field(
        default=None, description="The export, which is made now; ask `node` for it until it is READY."
    )


@strawberry.type
class ExportMutations:
    """Deeds about exports."""

    @deed(
        "Have a file made of what you may see. It is kept for a week. Up to 5 can be made at a time. Only a person can do "
        "this, not a program."
    )
    async def create_export(self, info: Info, input: CreateExportInput) -> CreateExportPayload:
        """Promise it."""
        actor, services = info.context.signed_in, info.context.services
        period = check_period(input.from_, input.to)
        async with info.context.transaction() as tx:
            export_id = await create.create(
                tx, services, actor, kind=input.kind, format=input.format, period=period, key=input.idempotency_key
            )
        return CreateExportPayload(export=ref(Export, export_id))
