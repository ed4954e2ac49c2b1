"""Making a file: rows are read in pages and written as they come, and the file is stored whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from db.queries import exports, reports
from db.queries.exports import Place
from db.session import Database, Tx
from db.tables import Export
from domain.exports import (
    COLUMNS,
    MEDIA_TYPES,
    ROWS_AT_ONCE,
    TITLES,
    ExportFailureCode,
    ExportFormat,
    ExportKind,
    Heading,
    Sheet,
    Value,
    most_rows,
)
from domain.ports import Services
from domain.wallet import Period
from resolvers.exports.sheets import CsvSheet, JsonSheet
from resolvers.uploads import promise_deletion

FOLDER: Final = "exports/"
STEP: Final = 10
"""How many more per cent are worth being written down."""


@dataclass(frozen=True)
class Made:
    """What came of it.

    Attributes:
        export_id: Of which export.
        key: Where the file lies, or would lie.
        fault: Why there is none; None when there is one.
    """

    export_id: UUID
    key: str
    fault: str | None = None


async def make(database: Database, services: Services, export_id: UUID, *, most: int | None = None) -> Made | None:
    """Make a file from the beginning. Whoever was killed meanwhile left nothing but, at most, a file that this one replaces.

    Args:
        database: What is read, and where progress is noted.
        services: For the file store and the printer.
        export_id: Which.
        most: The most rows; as many as its format can have when None.

    Returns:
        What came of it, to be recorded; None when it is over already.
    """
    async with database.transaction() as tx:
        export = await exports.start(tx.session, export_id)
    if export is None:
        return None
    most = most_rows(export.format) if most is None else most
    period, key = Period(export.from_day, export.to_day), key_of(export)
    async with database.session() as session:
        total = await exports.count_rows(session, export.kind, export.user_id, period, most=most + 1)
    if total <= most:
        sheet = await _begin(database, services, export, period)
        if await _fill(database, export, period, sheet, total=total, most=most):
            content = await asyncio.to_thread(sheet.end)
            await services.files.write(key, content, content_type=MEDIA_TYPES[export.format])
            return Made(export_id, key)
    unit = "an export" if export.format is not ExportFormat.PDF else "a PDF"
    return Made(export_id, key, f"There are more than {most} rows, the most of {unit}. Ask for fewer days.")


async def record(tx: Tx, made: Made) -> None:
    """Write down what came of it. A file of which nothing is known any more goes."""
    if made.fault is None:
        kept = await exports.finish(tx.session, made.export_id, made.key)
    else:
        await exports.fail(tx.session, made.export_id, ExportFailureCode.TOO_LARGE, made.fault)
        kept = False
    if not kept and not await exports.has_file(tx.session, made.export_id):
        await promise_deletion(tx, [made.key])


def key_of(export: Export) -> str:
    """Where the file of an export lies: always the same, and with a name that says something when it is saved."""
    kind = export.kind.lower().replace("_", "-")
    return f"{FOLDER}{kind}-{export.from_day}-{export.to_day}-{export.id}.{export.format.lower()}"


async def _begin(database: Database, services: Services, export: Export, period: Period) -> Sheet:
    columns = COLUMNS[export.kind]
    if export.format is ExportFormat.CSV:
        return CsvSheet(columns)
    if export.format is ExportFormat.JSON:
        return JsonSheet(columns)
    async with database.session() as session:
        owner = await exports.name_owner(session, export.user_id)
        report = None
        if export.kind is ExportKind.MISSION_REPORT:
            report = await reports.add_up(session, period, export.user_id)
    facts: list[str] = []
    if report is not None:
        facts.append(f"{report.created} written, {report.completed} done, {report.failed} not verified")
        facts.append(f"Paid: {', '.join(str(total) for total in report.spent) or 'nothing'}")
    heading = Heading(TITLES[export.kind], owner, period, facts)
    return await asyncio.to_thread(services.printer.begin, heading, columns)


async def _fill(database: Database, export: Export, period: Period, sheet: Sheet, *, total: int, most: int) -> bool:
    """Write all rows, and how far it is; False when they became too many meanwhile."""
    written, noted = 0, 0
    async for rows in _pages(database, export, period):
        written += len(rows)
        if written > most:
            return False
        await asyncio.to_thread(sheet.add, rows)
        # The last per cent is the file itself.
        progress = min(written * 100 // max(total, 1), 99)
        if progress >= noted + STEP:
            noted = progress
            async with database.transaction() as tx:
                await exports.advance(tx.session, export.id, progress)
    return True


async def _pages(database: Database, export: Export, period: Period) -> AsyncIterator[Sequence[Sequence[Value]]]:
    """All rows, some at a time; no transaction is open in between."""
    after: Place | None = None
    while True:
        async with database.session() as session:
            page = await exports.list_rows(
                session, export.kind, export.user_id, period, first=ROWS_AT_ONCE, after=after
            )
        if page.rows:
            yield page.rows
        if len(page.rows) < ROWS_AT_ONCE:
            return
        after = page.last
