"""Histories that people upload: each play once, whatever comes again, in whichever order."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from db.tables import PlayImport, Upload
from domain.ids import new_id, to_wire
from domain.plays import TrustLevel
from resolvers import uploads
from tests.plays.conftest import EVENING, IMPORT, entry, evening, session

M3U = b"#EXTM3U\n#EXTINF:180,Nova - Roses\nroses.mp3\n#EXTINF:240,Kwaito Kids - Yebo\nyebo.mp3\n"
CSV = (
    b"name,artist,start time,end time,playtime,deck\r\n06/03/2026,,22:00:00,23:00:00,01:00:00,\r\n"
    b"Roses,Nova,22:01:00,22:04:00,00:03:00,1\r\n"
)


async def test_a_session_becomes_a_history(booth, make):
    dj = await make.user("dj")
    done = await booth.take_in(dj, evening())
    assert (done["importedCount"], done["duplicateCount"], done["source"], done["warnings"]) == (3, 0, "SERATO", [])
    found = await booth.history(dj, first=2)
    assert found["totalCount"] == 3
    assert [node["track"]["title"] for node in found["nodes"]] == ["Late Tram", "Yebo"]
    newest = found["nodes"][0]
    assert (newest["trustLevel"], newest["deck"], newest["venueName"]) == ("UPLOADED", 1, None)
    assert newest["playedAt"].startswith("2026-03-06T22:06:00")
    assert newest["endedAt"].startswith("2026-03-06T22:09:00")
    assert (newest["track"]["artist"], newest["track"]["isrc"], newest["track"]["artworkUrl"]) == ("Nova", None, None)
    rest = await booth.history(dj, first=2, after=found["pageInfo"]["endCursor"])
    assert [node["track"]["title"] for node in rest["nodes"]] == ["Roses"]
    assert (await booth.history(dj, source="TRAKTOR"))["nodes"] == []
    since = await booth.history(dj, since="2026-03-06T22:03:00Z", source="SERATO")
    assert since["totalCount"] == 2


async def test_the_same_file_twice_adds_nothing_and_leaves_nothing(booth, make, web, run_jobs):
    dj = await make.user("dj")
    await booth.take_in(dj, evening())
    before = await booth.state(dj)
    upload_id = await booth.stored(dj, evening(), "copy of 7.session")
    again = await booth.api(dj).do(IMPORT, uploadId=upload_id)
    assert (again["importedCount"], again["duplicateCount"], again["source"]) == (0, 3, "SERATO")
    third = await booth.api(dj).do(IMPORT, uploadId=upload_id)
    assert (third["importedCount"], third["duplicateCount"]) == (0, 3)
    assert await booth.state(dj) == before
    await booth.sql("UPDATE uploads SET expires_at = now() - interval '1 second'")
    assert await uploads.expire(web.database) == 1
    async with web.database.session() as opened:
        keys = [row.storage_key for row in (await opened.execute(select(Upload).order_by(Upload.id))).scalars()]
    await run_jobs()
    assert await web.services.files.read(keys[0], limit=10**6) == evening()
    with pytest.raises(Exception, match="no such file"):
        await web.services.files.read(keys[1], limit=10**6)


async def test_five_imports_of_one_upload_at_once_add_it_once(booth, make):
    dj = await make.user("dj")
    upload_id = await booth.stored(dj, evening())
    asks = [booth.api(dj)(IMPORT, input={"uploadId": upload_id}) for _ in range(5)]
    outcomes = [each["importPlayHistory"] for each in await asyncio.gather(*asks)]
    assert sum(each["importedCount"] or 0 for each in outcomes) == 3
    assert len(await booth.rows(dj)) == 3
    assert await make.count(PlayImport) == 1


async def test_a_file_that_grew_adds_what_is_new_and_ends_what_was_on(booth, make):
    dj = await make.user("dj")
    on = entry(1, "Roses", EVENING)
    await booth.take_in(dj, session(on))
    (before,) = await booth.rows(dj)
    assert before.ended_at is None
    ended = entry(1, "Roses", EVENING, ended=EVENING + timedelta(minutes=3))
    grown = session(ended, entry(2, "Yebo", EVENING + timedelta(minutes=3), deck=2))
    upload_id = await booth.stored(dj, grown)
    ask = IMPORT.replace("duplicateCount", "duplicateCount updatedCount")
    done = await booth.api(dj).do(ask, uploadId=upload_id)
    assert (done["importedCount"], done["updatedCount"], done["duplicateCount"]) == (1, 1, 0)
    first, second = await booth.rows(dj)
    assert (first.id, first.ended_at, first.received_at) == (
        before.id,
        EVENING + timedelta(minutes=3),
        before.received_at,
    )
    assert second.received_at > first.received_at
    # The older file again, as somebody's backup: nothing goes back.
    old = session(on, entry(9, "Late Tram", EVENING + timedelta(hours=1)))
    done = await booth.api(dj).do(ask, uploadId=await booth.stored(dj, old))
    assert (done["importedCount"], done["updatedCount"], done["duplicateCount"]) == (1, 0, 1)
    assert (await booth.rows(dj))[0].ended_at == EVENING + timedelta(minutes=3)


async def test_who_rewrites_a_play_is_heard_anew(booth, make):
    dj = await make.user("dj")
    await booth.take_in(dj, session(entry(1, "Roses", EVENING, ended=EVENING + timedelta(minutes=3))))
    (before,) = await booth.rows(dj)
    later = EVENING + timedelta(days=1)
    await booth.take_in(dj, session(entry(1, "Yebo", EVENING, ended=EVENING + timedelta(minutes=3), updated=later)))
    (after,) = await booth.rows(dj)
    assert (after.id, after.title) == (before.id, "Yebo")
    assert after.received_at > before.received_at


async def test_two_people_can_have_the_same_file(booth, make):
    one, two = await make.user("one"), await make.user("two")
    await booth.take_in(one, evening())
    assert (await booth.take_in(two, evening()))["importedCount"] == 3
    assert len(await booth.rows(one)) == len(await booth.rows(two)) == 3


async def test_a_list_without_times_needs_a_moment_and_is_placed_by_lengths(booth, make):
    dj = await make.user("dj")
    error = await booth.refused(dj, M3U, "set.m3u")
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["startedAt"])
    assert await booth.rows(dj) == []
    upload_id = await booth.stored(dj, M3U, "set.m3u")
    for wrong in ("2036-03-06T22:00:00Z", "1980-03-06T22:00:00Z"):
        error = await booth.api(dj).refused(IMPORT, uploadId=upload_id, startedAt=wrong)
        assert error["field"] == ["startedAt"]
    done = await booth.api(dj).do(IMPORT, uploadId=upload_id, startedAt="2026-03-06T22:00:00Z")
    assert (done["importedCount"], done["source"]) == (2, "PLAYLIST")
    first, second = await booth.rows(dj)
    assert (first.played_at, second.played_at) == (EVENING, EVENING + timedelta(seconds=180))
    assert (first.time_known, first.trust) == (False, TrustLevel.EXPORTED)


async def test_a_clock_on_the_wall_needs_its_zone(booth, make):
    dj = await make.user("dj")
    upload_id = await booth.stored(dj, CSV, "06-03-2026.csv")
    error = await booth.api(dj).refused(IMPORT, uploadId=upload_id)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["timeZone"])
    for wrong in ("Mars/Olympus", "../../etc/passwd", "", "x" * 5000):
        error = await booth.api(dj).refused(IMPORT, uploadId=upload_id, timeZone=wrong)
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["timeZone"])
    assert await booth.rows(dj) == []
    await booth.api(dj).do(IMPORT, uploadId=upload_id, timeZone="America/New_York")
    (play,) = await booth.rows(dj)
    assert (play.played_at.hour, play.played_at.minute, play.trust) == (3, 1, TrustLevel.EXPORTED)


@pytest.mark.parametrize("content", [b"\0", b"vrsn", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
async def test_what_is_no_history_is_refused_and_can_be_tried_again(booth, make, content):
    dj = await make.user("dj")
    error = await booth.refused(dj, content)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["uploadId"])
    assert await make.count(PlayImport) == 0
    assert await make.count(Upload, Upload.status == "STORED") == 1


async def test_uploads_of_others_or_for_something_else_are_not_imported(booth, make):
    dj, other = await make.user("dj"), await make.user("other")
    foreign = await booth.stored(other, evening())
    for bad in (foreign, to_wire("upload", new_id()), dj.wire, ""):
        error = await booth.api(dj).refused(IMPORT, uploadId=bad)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["uploadId"])
    pdf = await booth.upload(dj, b"%PDF-1.7 ...", "proof.pdf", "application/pdf", "MISSION_EVIDENCE")
    assert pdf["status"] == "STORED"
    error = await booth.api(dj).refused(IMPORT, uploadId=pdf["id"])
    assert (error["code"], error["field"]) == ("CONFLICT", ["uploadId"])
    await booth.sql("UPDATE uploads SET expires_at = now() - interval '1 second'")
    assert (await booth.api(other).refused(IMPORT, uploadId=foreign))["code"] == "CONFLICT"
    assert (await booth.api().refused(IMPORT, uploadId=foreign))["code"] == "UNAUTHENTICATED"
    assert await booth.rows(dj) == await booth.rows(other) == []


async def test_evidence_that_is_not_what_it_says_fails(booth, make, web):
    dj = await make.user("dj")
    fake = await booth.upload(dj, b"<html><script>1</script>", "proof.pdf", "application/pdf", "MISSION_EVIDENCE")
    assert (fake["status"], fake["failure"]["code"]) == ("FAILED", "UNUSABLE")
    await booth.upload(dj, b"\xff\xd8\xff\xe0 a picture", "proof.jpg", "image/jpeg", "MISSION_EVIDENCE")
    async with web.database.session() as opened:
        key = (await opened.execute(select(Upload.storage_key).where(Upload.status == "STORED"))).scalar_one()
    async with httpx.AsyncClient() as http:
        answer = await http.get(web.services.files.sign_download(key))
    assert key.startswith("evidence/")
    assert key.endswith(".jpg")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_year_of_nights_comes_in_at_once(booth, make):
    dj = await make.user("dj")
    many = [
        entry(row, f"Track {row}", EVENING + timedelta(minutes=3 * row), deck=1 + row % 2) for row in range(1, 4_001)
    ]
    done = await booth.take_in(dj, session(*many))
    assert done["importedCount"] == 4_000
    more = [*many, entry(4_001, "One more", EVENING + timedelta(days=200))]
    done = await booth.take_in(dj, session(*more))
    assert (done["importedCount"], done["duplicateCount"]) == (1, 4_000)
