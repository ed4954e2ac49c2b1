"""The audit log, the books, what was sent to us, and what people may do."""

import asyncio

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from websockets.exceptions import ConnectionClosed

from db import tables
from domain.accounts import Role
from domain.ids import new_id, to_wire
from domain.money import EntryKind
from resolvers.accounts import roles
from tests.client import operation

NAMES = ("AuditLog", "TrialBalance", "WebhookEvents", "Users", "UpdateUserAccess")
AUDIT, BOOKS, WEBHOOKS, USERS, ACCESS = map(operation, NAMES)


async def audit(api, person, first=50, **filter):
    return (await api(person)(AUDIT, first=first, filter=filter or None))["auditLog"]["nodes"]


async def test_everything_done_is_in_the_log(api, make, desk, mina, operator, database):
    room = await make.room(mina)
    await api(operator).do(operation("StopBroadcast"), broadcastId=room.wire)
    await api(operator).do(ACCESS, userId=mina.wire, verified=True, reason="Met her")
    async with database.transaction() as tx:
        await roles.grant(tx, "mina", Role.DJ)
        await roles.grant(tx, "mina", Role.DJ)
    royalty = await desk.receive(1000, {mina.id: 1}, kind=EntryKind.ROYALTY)
    await desk.adjust(operator.actor, mina.id, 25, reason="Short by mistake")
    await desk.reverse(operator.actor, royalty.entry_id)
    lines = await audit(api, operator)
    found = [(line["action"], line["detail"], (line["actor"] or {}).get("username")) for line in lines]
    assert found[:4] == [
        ("ENTRY_REVERSED", "-9.50 USD: Booked by mistake", "ines"),
        ("BALANCE_ADJUSTED", "0.25 USD: Short by mistake", "ines"),
        ("ROLE_GRANTED", "DJ", None),
        ("VERIFIED", "Met her", "ines"),
    ]
    assert {line["subject"]["id"] for line in lines[:4]} == {mina.wire}
    kept = {"actorId": operator.wire, "subjectId": mina.wire}
    assert len(await audit(api, operator, **kept)) == 3
    assert len(await audit(api, operator, action="VERIFIED", **kept)) == 1
    assert len(await audit(api, operator, to=lines[2]["occurredAt"])) == len(lines) - 3
    assert len(await audit(api, operator, **{"from": lines[2]["occurredAt"]})) == 3
    page = (await api(operator)(AUDIT, first=2))["auditLog"]
    rest = (await api(operator)(AUDIT, first=50, after=page["pageInfo"]["endCursor"]))["auditLog"]
    assert [line["id"] for line in (*page["nodes"], *rest["nodes"])] == [line["id"] for line in lines]
    node = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for line in lines:
        assert (await api(operator)(node, id=line["id"]))["node"]["__typename"] == "AuditEntry"
        assert (await api(mina)(node, id=line["id"]))["node"] is None
    for person in (None, mina):
        assert await audit(api, person) == []


async def test_nobody_changes_the_log(database, api, operator, mina):
    await api(operator).do(ACCESS, userId=mina.wire, verified=True)
    async with database.transaction() as tx:
        change = insert(tables.StatusChange).values(
            id=new_id(), subject_type="User", subject_id=mina.id, to_status="X", reason=""
        )
        await tx.session.execute(change)
    for table in ("operator_deeds", "status_changes"):
        for statement in (f"UPDATE {table} SET subject_id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DBAPIError, match="is refused"):
                async with database.transaction() as tx:
                    await tx.session.execute(text(statement))


async def test_the_books(api, desk, mina, kofi, operator):
    tip = await desk.receive(1000, {mina.id: 3, kofi.id: 1})
    await desk.refund(tip.entry_id, 100)
    found = (await api(operator)(BOOKS))["trialBalance"]
    assert (found["balanced"], found["entryCount"]) == (True, 2)
    lines = {
        line["name"]: [line[side]["amount"] for side in ("debits", "credits", "balance")] for line in found["accounts"]
    }
    assert lines["CLEARING"] == ["10.00", "1.00", "-9.00"]
    assert lines["AVAILABLE"] == ["0.95", "9.50", "8.55"]
    assert lines["FEES"] == ["0.05", "0.50", "0.45"]
    for person in (None, mina):
        assert await api(person)(BOOKS) == {"trialBalance": None}


async def test_what_was_sent_to_us(api, database, mina, operator):
    payload = '{"data": {"object": {"client_secret": "pi_1_secret_canary", "amount": 5}}}'
    async with database.transaction() as tx:
        for number, kind in enumerate(("charge.refunded", "payout.paid")):
            event = {"id": new_id(), "source": "STRIPE", "external_id": f"evt_{number}", "event_type": kind}
            event |= {"payload": payload, "occurred_at": text("now()"), "subject_kind": "charge", "subject_id": "ch_1"}
            await tx.session.execute(insert(tables.WebhookEvent).values(**event))
    found = (await api(operator)(WEBHOOKS, first=5))["webhookEvents"]
    assert found["totalCount"] == 2
    (event,) = (await api(operator)(WEBHOOKS, first=5, filter={"externalId": "evt_1"}))["webhookEvents"]["nodes"]
    assert (event["source"], event["eventType"], event["status"]) == ("STRIPE", "payout.paid", "PENDING")
    assert event["payload"] == payload.replace("pi_1_secret_canary", "(secret)")
    for unlike in ({"status": "FAILED"}, {"eventType": "nonsense"}):
        assert (await api(operator)(WEBHOOKS, first=5, filter=unlike))["webhookEvents"]["nodes"] == []
    for person in (None, mina):
        assert (await api(person)(WEBHOOKS, first=5))["webhookEvents"]["nodes"] == []


async def people(api, person, **filter):
    found = (await api(person)(USERS, first=50, filter=filter or None))["users"]
    return [each["username"] for each in found["nodes"]]


async def test_who_is_here(api, make, mina, kofi, operator):
    assert await people(api, operator) == ["ines", "kofi", "mina"]
    assert await people(api, operator, query="@MI") == ["mina"]
    assert await people(api, operator, role="OPERATOR") == ["ines"]
    assert await people(api, operator, suspended=True) == []
    assert await people(api, operator, verified=False, query="k") == ["kofi"]
    for person in (None, mina):
        assert await people(api, person) == []
    ask = "query ($name: String!) { user(username: $name) { suspended } }"
    assert (await api(operator)(ask, name="mina"))["user"] == {"suspended": False}
    for person in (None, mina):
        assert (await api(person)(ask, name="mina"))["user"] == {"suspended": None}


async def test_what_somebody_may_do_is_changed(api, mina, operator):
    changed = await api(operator).do(ACCESS, userId=mina.wire, roles=["LISTENER", "DJ"], verified=True)
    assert (changed["user"]["roles"], changed["user"]["verified"]) == (["LISTENER", "DJ"], True)
    await api(operator).do(ACCESS, userId=mina.wire, roles=["DJ", "LISTENER"], verified=True, reason="Again")
    await api(operator).do(ACCESS, userId=mina.wire, roles=["LISTENER"], reason="Asked for it")
    lines = [(line["action"], line["detail"]) for line in await audit(api, operator)]
    assert lines == [("ROLE_TAKEN", "DJ: Asked for it"), ("VERIFIED", ""), ("ROLE_GRANTED", "DJ")]


async def test_a_suspension_ends_sessions(api, make, mina, operator):
    async with api(mina).subscribe("subscription { notificationReceived { cursor } }") as stream:
        await asyncio.sleep(0.2)
        changed = await api(operator).do(ACCESS, userId=mina.wire, suspended=True, reason="Spam")
        assert changed["user"]["suspended"] is True
        with pytest.raises(ConnectionClosed) as closed:
            await stream.message(within=8)
        assert closed.value.rcvd.code == 4403
    # A proof that held is believed for 4 seconds.
    await asyncio.sleep(4)
    assert (await api(mina).post({"query": "{ viewer { user { id } } }"})).status_code == 401
    assert await make.count(tables.Session, tables.Session.user_id == mina.id, tables.Session.revoked_at.is_(None)) == 0
    changed = await api(operator).do(ACCESS, userId=mina.wire, suspended=False)
    assert changed["user"]["suspended"] is False
    assert (await api(mina).post({"query": "{ viewer { user { id } } }"})).status_code == 401


async def test_who_may_not_and_what_cannot_be(api, make, mina, kofi, operator, refusal):
    before = await people(api, operator)
    assert await refusal(mina, ACCESS, userId=kofi.wire, roles=["LISTENER", "OPERATOR"]) == "FORBIDDEN"
    assert await refusal(None, ACCESS, userId=kofi.wire, suspended=True) == "UNAUTHENTICATED"
    assert await refusal(operator, ACCESS, userId=operator.wire, suspended=True) == "FORBIDDEN"
    assert await refusal(operator, ACCESS, userId=to_wire("user", new_id()), suspended=True) == "NOT_FOUND"
    assert await refusal(operator, ACCESS, userId=kofi.wire, roles=["DJ"]) == "INVALID_INPUT"
    assert await refusal(operator, ACCESS, userId=kofi.wire, suspended=True, reason="x" * 501) == "INVALID_INPUT"
    assert await people(api, operator, suspended=True) == []
    assert await people(api, operator) == before
    assert await make.count(tables.OperatorDeed) == 0
