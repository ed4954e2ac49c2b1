"""Companions over HTTP: pairing by code, signed files, and every way in which one is not believed."""

import asyncio
import hashlib
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from db.tables import Companion, PlayImport
from domain.ids import new_id, to_wire
from domain.limits import COMPANION_FILES, UNKNOWN_COMPANIONS
from domain.plays import MAX_HISTORY_BYTES, TrustLevel
from integrations import valkey
from tests.plays.conftest import COMPANIONS, EVENING, PAIR, REVOKE, Laptop, entry, evening, session


async def test_pairing_on_its_whole_way(booth, api, make, web):
    dj = await make.user("dj")
    made = await api(dj).do(PAIR, name=" Booth laptop ")
    assert (made["companion"]["name"], made["companion"]["lastSeenAt"]) == ("Booth laptop", None)
    code = made["secret"]
    async with web.database.session() as opened:
        (row,) = [await opened.get(Companion, _id(made["companion"]["id"]))]
    assert code.replace("-", "").encode() not in row.code_hash
    assert hashlib.sha256(code.replace("-", "").encode()).digest() != row.code_hash
    laptop = Laptop(booth.url)
    answer = await booth.pair(code.lower(), laptop.public, name="The loud one")
    assert (answer.status_code, answer.json()) == (201, {"companionId": made["companion"]["id"]})
    (shown,) = (await api(dj)(COMPANIONS))["viewer"]["companions"]
    assert (shown["id"], shown["name"]) == (made["companion"]["id"], "The loud one")
    assert shown["pairedAt"] is not None
    laptop.id = row.id
    sent = await laptop.send(evening())
    counts = {"importedCount": 3, "updatedCount": 0, "duplicateCount": 0}
    assert (sent.status_code, sent.json()) == (200, {**counts, "source": "SERATO", "warnings": []})
    assert {row.trust for row in await booth.rows(dj)} == {TrustLevel.SIGNED}
    assert (await api(dj)(COMPANIONS))["viewer"]["companions"][0]["lastSeenAt"] is not None
    assert (await api(await make.user())(COMPANIONS))["viewer"]["companions"] == []


def _id(wire):
    return UUID(wire.partition("_")[2])


async def test_a_code_is_good_for_one_and_for_ten_minutes(booth, api, make):
    dj = await make.user("dj")
    code = (await api(dj).do(PAIR, name="One"))["secret"]
    keys = [Laptop(booth.url).public for _ in range(5)]
    answers = await asyncio.gather(*(booth.pair(code, key) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [201, 410, 410, 410, 410]
    late = (await api(dj).do(PAIR, name="Two"))["secret"]
    await booth.sql("UPDATE companions SET code_expires_at = now() - interval '1 second' WHERE paired_at IS NULL")
    assert (await booth.pair(late, Laptop(booth.url).public)).status_code == 410
    assert await make.count(Companion, Companion.paired_at.is_not(None)) == 1


async def test_a_key_belongs_to_one_companion(booth, api, make):
    dj, other = await make.user("dj"), await make.user("other")
    laptop = await booth.laptop(dj)
    code = (await api(other).do(PAIR, name="Mine now"))["secret"]
    assert (await booth.pair(code, laptop.public)).status_code == 409
    assert (await booth.pair(code, bytes(32))).status_code == 422
    assert (await booth.pair(code, b"short")).status_code == 422
    assert (await booth.pair(code, Laptop(booth.url).public)).status_code == 201


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"code": 1, "publicKey": "x"}', b'{"code": "x", "publicKey": "?"}']
)
async def test_a_pairing_that_is_none_is_refused(booth, body):
    async with httpx.AsyncClient() as http:
        assert (await http.post(f"{booth.url}/companion/pair", content=body)).status_code == 422
        assert (await http.post(f"{booth.url}/companion/pair", content=b"x" * 5000)).status_code == 413


async def test_codes_cannot_be_tried_for_ever(booth, api, make):
    code = (await api(await make.user("dj")).do(PAIR, name="One"))["secret"]
    for _ in range(10):
        assert (await booth.pair("00000-00000", Laptop(booth.url).public)).status_code == 410
    answer = await booth.pair(code, Laptop(booth.url).public)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 31
    assert await make.count(Companion, Companion.paired_at.is_not(None)) == 0


async def test_ten_companions_and_no_eleventh(booth, api, make):
    dj = await make.user("dj")
    for _ in range(10):
        await api(dj).do(PAIR, name="One of many")
    await booth.sql("UPDATE companions SET paired_at = now(), public_key = decode(md5(id::text), 'hex')")
    client = valkey.connect(booth.web.settings.redis_url)
    await client.flushdb()
    await client.aclose()
    assert (await api(dj).refused(PAIR, name="One more"))["code"] == "CONFLICT"
    assert (await api(dj).refused(PAIR, name=" "))["field"] == ["name"]
    assert (await api().refused(PAIR, name="x"))["code"] == "UNAUTHENTICATED"


async def test_an_old_counter_changes_nothing_and_is_told_the_last(booth, make):
    dj = await make.user("dj")
    laptop = await booth.laptop(dj)
    assert (await laptop.send(evening(), counter=5)).status_code == 200
    before = await booth.state(dj, laptop)
    for counter in (5, 4, 1):
        answer = await laptop.send(evening(("Other",), first_row=9), counter=counter)
        assert (answer.status_code, answer.json()["error"]["counter"]) == (409, 5)
    assert await booth.state(dj, laptop) == before
    assert (await laptop.send(evening(("Other",), first_row=9), counter=6)).status_code == 200


async def test_the_same_request_many_times_at_once_counts_once(booth, make):
    dj = await make.user("dj")
    laptop = await booth.laptop(dj)
    content = evening()
    headers = laptop.headers(content)
    answers = await asyncio.gather(*(laptop.post(content, headers) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert len(await booth.rows(dj)) == 3
    assert await make.count(PlayImport) == 1


async def test_a_foreign_key_an_unknown_companion_and_a_changed_body_change_nothing(booth, make):
    dj, other = await make.user("dj"), await make.user("other")
    laptop, foreign = await booth.laptop(dj), await booth.laptop(other)
    before = await booth.state(dj, laptop)
    content = evening()
    answer = await laptop.send(content, key=Ed25519PrivateKey.generate())
    assert answer.status_code == 401
    assert (await laptop.send(content, key=foreign.key)).status_code == 401
    stranger = Laptop(booth.url, id=new_id())
    assert (await stranger.send(content)).status_code == 401
    changed = await laptop.post(evening(("Roses!",)), laptop.headers(content))
    assert (changed.status_code, changed.json()["error"]["code"]) == (400, "INVALID_INPUT")
    headers = laptop.headers(content)
    for name in headers:
        bare = {each: value for each, value in headers.items() if each != name}
        assert (await laptop.post(content, bare)).status_code == 401, name
    assert (await laptop.post(content, {**headers, "companion-file": "other.session"})).status_code == 401
    assert await booth.state(dj, laptop) == before
    assert await booth.rows(other) == []
    assert (await laptop.send(content)).status_code == 200


async def test_a_revoked_companion_and_a_suspended_dj_are_shut_out(booth, api, make):
    dj, other = await make.user("dj"), await make.user("other")
    laptop = await booth.laptop(dj)
    wire = to_wire("companion", laptop.id)
    assert (await api(other).refused(REVOKE, companionId=wire))["code"] == "NOT_FOUND"
    await booth.sql("UPDATE users SET suspended = true WHERE id = :id", id=dj.id)
    assert (await laptop.send(evening())).status_code == 401
    await booth.sql("UPDATE users SET suspended = false WHERE id = :id", id=dj.id)
    assert (await api(dj).do(REVOKE, companionId=wire))["revokedCompanionId"] == wire
    await api(dj).do(REVOKE, companionId=wire)
    before = await booth.state(dj, laptop)
    assert (await laptop.send(evening())).status_code == 403
    assert await booth.state(dj, laptop) == before
    assert (await api(dj)(COMPANIONS))["viewer"]["companions"] == []


async def announce(laptop, size):
    """Say that a body of so many bytes comes, and send none of it; gives the status."""
    place = urlsplit(laptop.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    headers = {"host": place.netloc, "content-length": str(size), **laptop.headers(b"x")}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(["POST /companion/plays HTTP/1.1", *lines, "", ""]).encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


async def test_a_file_that_cannot_be_read_uses_no_number(booth, make):
    dj = await make.user("dj")
    laptop = await booth.laptop(dj)
    before = await booth.state(dj, laptop)
    assert (await laptop.send(b"no history at all", counter=3)).status_code == 422
    assert (await laptop.send(evening(), counter=3, zone="Mars/Olympus")).status_code == 422
    assert await announce(laptop, MAX_HISTORY_BYTES + 1) == 413
    assert await booth.state(dj, laptop) == before
    assert (await laptop.send(evening(), counter=3)).status_code == 200


async def test_what_is_believed_more_takes_the_place_of_what_is_believed_less(booth, make):
    dj = await make.user("dj")
    ended = EVENING + timedelta(minutes=3)
    await booth.take_in(dj, session(entry(1, "Roses", EVENING, ended=ended)))
    (before,) = await booth.rows(dj)
    laptop = await booth.laptop(dj)
    sent = await laptop.send(session(entry(1, "Roses", EVENING, ended=ended)))
    assert (sent.json()["importedCount"], sent.json()["updatedCount"]) == (0, 1)
    (signed,) = await booth.rows(dj)
    assert (signed.id, signed.trust) == (before.id, TrustLevel.SIGNED)
    assert signed.received_at > before.received_at
    # A later version by the weaker way, and a list by the stronger one: neither takes anything away.
    later = session(entry(1, "Yebo", EVENING, ended=ended, updated=EVENING + timedelta(days=9)))
    assert (await booth.take_in(dj, later))["duplicateCount"] == 1
    (after,) = await booth.rows(dj)
    assert (after.title, after.trust, after.received_at) == ("Roses", TrustLevel.SIGNED, signed.received_at)
    again = await laptop.send(session(entry(1, "Roses", EVENING, ended=ended)))
    assert (again.json()["importedCount"], again.json()["duplicateCount"]) == (0, 1)


async def test_a_signature_makes_no_more_of_a_list_than_a_list(booth, make):
    dj = await make.user("dj")
    laptop = await booth.laptop(dj)
    csv = b"name,artist,start time,end time,playtime,deck\r\n06/03/2026,,22:00:00,23:00:00,01:00:00,\r\n"
    sent = await laptop.send(csv + b"Roses,Nova,22:01:00,22:04:00,00:03:00,1\r\n", filename="06-03-2026.csv")
    assert sent.status_code == 200, sent.text
    (play,) = await booth.rows(dj)
    assert (play.trust, play.played_at.hour) == (TrustLevel.EXPORTED, 21)


async def test_a_companion_that_sends_too_much_waits(booth, make, services):
    dj = await make.user("dj")
    laptop, other = await booth.laptop(dj), await booth.laptop(dj)
    for key, limit in (
        (f"companion:{laptop.id}", COMPANION_FILES),
        ("unknown-companions:127.0.0.1", UNKNOWN_COMPANIONS),
    ):
        while not await services.limiter.spend(key, every_seconds=limit.every_seconds, burst=limit.burst):
            pass
    answer = await laptop.send(evening())
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["retry-after"]) <= 4
    assert (await Laptop(booth.url, id=new_id()).send(evening())).status_code == 429
    assert await booth.rows(dj) == []
    assert (await other.send(evening())).status_code == 200
