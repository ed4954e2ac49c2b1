"""Proofs in the database, at their door, and on their way into IPFS over real sockets."""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text, update

from bootstrap import build
from db.queries import proofs as queries
from db.tables import JobRow, MissionProof
from domain.canonical import cid_of
from domain.ids import new_id
from domain.jobs import JobKind, JobStatus
from domain.proof_documents import salted
from domain.proofs import Pinned
from resolvers.missions.pin import LATEST, SOONEST, pin
from resolvers.missions.proofs import holds, keep_proof, read_document
from tests.proofs.facts import FACTS, document

KUBO = "kubo.example"
ADD = "/api/v0/add"
FAILS = {"kind": "status", "host": KUBO, "status": 500}


@pytest.fixture
def keep(database, services):
    """Keep a proof as the deed that completes a mission does; gives its row."""

    async def made(**facts):
        facts = replace(FACTS, **{"mission_id": new_id(), **facts})
        async with database.transaction() as tx:
            # The mission itself is not there: what refers to it is not looked at.
            await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
            cid = await keep_proof(tx, services, facts)
        return await row(database, cid)

    return made


async def row(database, cid):
    async with database.session() as session:
        return (await session.execute(select(MissionProof).where(MissionProof.cid == cid))).scalar_one()


async def job(database):
    async with database.session() as session:
        return (await session.execute(select(JobRow).where(JobRow.kind == JobKind.PIN_PROOF))).scalar_one()


async def age(database, seconds):
    """Let everything be older."""
    async with database.transaction() as tx:
        await tx.session.execute(update(MissionProof).values(created_at=func.now() - timedelta(seconds=seconds)))
        await tx.session.execute(update(JobRow).values(run_at=func.now()))


async def pinned(sandbox):
    answer = await sandbox.http.post(f"/{KUBO}/api/v0/pin/ls")
    return list(answer.json()["Keys"])


async def test_a_mission_keeps_its_first_proof(keep, database, services):
    kept = await keep(venue_name="The Loft")
    assert kept.cid == cid_of(kept.document)
    assert holds(services, kept.cid, kept.document)
    proof = json.loads(kept.document)["proof"]
    assert proof["venue"]["name"] == salted(kept.salt, "The Loft")
    again = await keep(mission_id=kept.mission_id, confidence="71.0")
    assert (again.id, again.document) == (kept.id, kept.document)
    other = await keep()
    assert (other.salt, other.cid) != (kept.salt, kept.cid)
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(JobRow)) == 2


async def test_nothing_is_kept_when_the_deed_fails(database, services):
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
            cid = await keep_proof(tx, services, FACTS)
            raise ZeroDivisionError
    assert await read_document(database, cid) is None
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(JobRow)) == 0


async def test_what_holds(keep, services):
    kept = await keep()
    assert not holds(services, kept.cid, kept.document + b" ")
    assert not holds(services, kept.cid, kept.document.replace(b"95.5", b"95.6"))
    assert not holds(services, cid_of(b"x"), kept.document)
    # Signed well, but by somebody else.
    assert not holds(services, cid_of(document()), document())


async def test_the_door_gives_the_bytes_to_anybody(keep, settings):
    kept = await keep()
    async with httpx.AsyncClient(base_url=settings.public_url) as client:
        found = await client.get(f"/proofs/{kept.cid}")
        assert (found.status_code, found.content) == (200, kept.document)
        assert found.headers["content-type"] == "application/json"
        assert found.headers["etag"] == f'"{kept.cid}"'
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["x-content-type-options"] == "nosniff"
        for said in (f'"{kept.cid}"', f'"other", W/"{kept.cid}"', "*"):
            same = await client.get(f"/proofs/{kept.cid}", headers={"If-None-Match": said})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", f'"{kept.cid}"')
        other = await client.get(f"/proofs/{kept.cid}", headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, kept.document)
        head = await client.head(f"/proofs/{kept.cid}")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(kept.document)))


@pytest.mark.parametrize("cid", [cid_of(b"x"), "x", "%00", "bafkrei" + "A" * 52, "..%2Fhealth", cid_of(b"x").upper()])
async def test_what_is_not_there_is_not_found(web, settings, cid):
    async with httpx.AsyncClient(base_url=settings.public_url) as client:
        answer = await client.get(f"/proofs/{cid}")
        assert answer.status_code == 404
        assert (await client.post(f"/proofs/{cid_of(b'x')}")).status_code == 405


async def test_a_proof_is_pinned(keep, run_jobs, database, sandbox):
    kept = await keep()
    assert (kept.pinned_at, kept.pin_service, kept.pin_url) == (None, None, None)
    await run_jobs()
    found = await row(database, kept.cid)
    assert found.pinned_at is not None
    assert found.pin_service == "Kubo"
    assert (await sandbox.http.get(found.pin_url)).content == kept.document
    assert await pinned(sandbox) == [kept.cid]
    assert (await job(database)).status is JobStatus.DONE


async def test_a_node_that_fails_is_asked_again_with_patience(keep, run_jobs, database, services, sandbox):
    kept = await keep()
    payload = {"proofId": str(kept.id)}
    await sandbox.fault(**FAILS)
    assert await pin(database, services, payload) == SOONEST
    for seconds in (3_600, 40_000):
        await age(database, seconds)
        assert await pin(database, services, payload) == pytest.approx(min(seconds, LATEST), abs=60)
    await run_jobs()
    waiting = await job(database)
    assert (waiting.status, waiting.failures) == (JobStatus.PENDING, 0)
    assert (await row(database, kept.cid)).pinned_at is None
    assert await read_document(database, kept.cid) == kept.document
    await sandbox.calm()
    await age(database, 40_000)
    await run_jobs()
    assert (await row(database, kept.cid)).pinned_at is not None
    assert await pin(database, services, payload) is None


async def test_a_node_that_was_silent_for_days_is_a_failure(keep, run_jobs, database, sandbox):
    kept = await keep()
    await sandbox.fault(**FAILS)
    for _ in range(3):
        await age(database, 3 * 86_400)
        await run_jobs()
    parked = await job(database)
    assert (parked.status, parked.last_error) == (JobStatus.PARKED, "Unavailable")
    assert (await row(database, kept.cid)).pinned_at is None


async def test_what_was_done_without_an_answer_is_done_once(keep, run_jobs, database, sandbox):
    kept = await keep()
    await sandbox.fault(kind="drop_after_effect", host=KUBO, times=1)
    await run_jobs()
    assert (await row(database, kept.cid)).pinned_at is None
    assert await pinned(sandbox) == [kept.cid]
    await age(database, 60)
    await run_jobs()
    assert (await row(database, kept.cid)).pinned_at is not None
    assert await pinned(sandbox) == [kept.cid]
    assert len(await sandbox.calls(KUBO, ADD)) == 2


async def test_another_cid_is_never_noted(keep, run_jobs, database, sandbox, caplog):
    kept = await keep()
    said = json.dumps({"Name": "x", "Hash": cid_of(b"something else"), "Size": "1"})
    await sandbox.fault(kind="status", host=KUBO, status=200, body=said)
    for _ in range(3):
        await age(database, 0)
        await run_jobs()
    parked = await job(database)
    assert parked.status is JobStatus.PARKED
    assert "OtherContent" in parked.last_error
    assert (await row(database, kept.cid)).pinned_at is None


async def test_without_a_node_it_stays_here(keep, database, settings, sandbox):
    kept = await keep()
    async with build(replace(settings, kubo_url=None, pinata_jwt=None)) as alone:
        assert await pin(database, alone, {"proofId": str(kept.id)}) is None
    assert (await row(database, kept.cid)).pinned_at is None
    assert await read_document(database, kept.cid) == kept.document
    assert await sandbox.calls(KUBO) == []


async def test_where_it_is_pinned_is_noted_once(keep, database):
    kept = await keep()
    async with database.transaction() as tx:
        assert await queries.note_pinned(tx.session, kept.id, Pinned("Kubo", "https://one.example"))
        assert not await queries.note_pinned(tx.session, kept.id, Pinned("Pinata", "https://two.example"))
    found = await row(database, kept.cid)
    assert (found.pin_service, found.pin_url) == ("Kubo", "https://one.example")
