"""Reporting what should not be there."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from db.tables import ContentReport, Message
from domain.ids import new_id, to_wire
from domain.notifications import ReportStatus
from tests.client import operation

REPORT = operation("ReportContent")
NODE = "query($id: ID!) { node(id: $id) { id ... on ContentReport { status reason details createdAt } } }"


@pytest.fixture
async def stage(make):
    """A room with one message in it."""
    room = await make.room()
    return room, await make.message(room)


async def test_a_person_a_room_and_a_message_can_be_reported(api, make, stage):
    room, message = stage
    ana = await make.user("ana")
    for subject in (room.curator.wire, room.wire, to_wire("message", message)):
        report = (await api(ana).do(REPORT, subjectId=subject, reason="SPAM"))["contentReport"]
        assert report["status"] == "OPEN"
    async with make.database.session() as session:
        kinds = await session.scalars(select(ContentReport.subject_type))
        assert sorted(kinds) == ["Broadcast", "Message", "User"]


async def test_reporting_again_is_the_same_report_until_it_is_closed(api, make, stage, database):
    room, _ = stage
    ana, ben = await make.user("ana"), await make.user("ben")
    first = await api(ana).do(REPORT, subjectId=room.wire, reason="SPAM", details="Sells followers.")
    again = await api(ana).do(REPORT, subjectId=room.wire, reason="HATE", details="Something else.")
    assert again == first
    node = (await api(ana)(NODE, id=first["contentReport"]["id"]))["node"]
    assert (node["reason"], node["details"]) == ("SPAM", "Sells followers.")
    assert (await api(ben).do(REPORT, subjectId=room.wire, reason="SPAM")) != first
    async with database.transaction() as tx:
        await tx.session.execute(update(ContentReport).values(status=ReportStatus.DISMISSED))
    assert (await api(ana).do(REPORT, subjectId=room.wire, reason="SPAM")) != first
    assert await make.count(ContentReport) == 3


async def test_reports_at_once_are_one(api, make, stage):
    room, _ = stage
    ana = await make.user("ana")
    answers = await asyncio.gather(*(api(ana).do(REPORT, subjectId=room.wire, reason="SPAM") for _ in range(20)))
    assert len({answer["contentReport"]["id"] for answer in answers}) == 1
    assert await make.count(ContentReport) == 1


async def test_a_report_is_its_authors_alone(api, make, stage):
    room, _ = stage
    ana = await make.user("ana")
    report = (await api(ana).do(REPORT, subjectId=room.wire, reason="SPAM"))["contentReport"]
    for other in (room.curator, None):
        assert (await api(other)(NODE, id=report["id"]))["node"] is None


async def test_what_is_not_there_or_cannot_be_reported_is_not_found(api, make, stage, database):
    _room, message = stage
    ana = await make.user("ana")
    gone = await make.user("gone", deleted_at=func.now())
    async with database.transaction() as tx:
        await tx.session.execute(update(Message).values(deleted_at=func.now()))
    subjects = [to_wire(kind, new_id()) for kind in ("user", "broadcast", "message", "session", "notification")]
    for subject in [*subjects, gone.wire, to_wire("message", message), "user_", "nothing", ""]:
        error = await api(ana).refused(REPORT, subjectId=subject, reason="SPAM")
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["subjectId"])
    assert await make.count(ContentReport) == 0


async def test_ones_own_and_long_details_are_refused(api, make, stage):
    room, message = stage
    mina = room.curator
    for subject in (mina.wire, room.wire, to_wire("message", message)):
        error = await api(mina).refused(REPORT, subjectId=subject, reason="SPAM")
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["subjectId"])
    ana = await make.user("ana")
    error = await api(ana).refused(REPORT, subjectId=room.wire, reason="SPAM", details="x" * 1001)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["details"])
    assert (await api().refused(REPORT, subjectId=room.wire, reason="SPAM"))["code"] == "UNAUTHENTICATED"
    assert await make.count(ContentReport) == 0
    await api(ana).do(REPORT, subjectId=room.wire, reason="SPAM", details="x" * 1000)
