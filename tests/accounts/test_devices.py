"""Devices that can be pushed to."""

import asyncio

from sqlalchemy import select

from db.tables import PushToken
from domain.ids import new_id, to_wire
from tests.client import operation

REGISTER, UNREGISTER = operation("RegisterDevice"), operation("UnregisterDevice")
TOKEN = "f3:APA91bExampleOfATokenOfADevice"


async def register(api, person, token=TOKEN, platform="ANDROID"):
    return (await api(person).do(REGISTER, platform=platform, token=token))["device"]


async def test_a_device_is_registered_once_and_its_token_is_sealed(api, make, web):
    mina = await make.user("mina")
    first, again = await register(api, mina), await register(api, mina, f" {TOKEN}\n", "IOS")
    assert first["id"] == again["id"]
    assert (first["platform"], again["platform"]) == ("ANDROID", "IOS")
    assert first["registeredAt"] < again["registeredAt"]
    async with web.database.session() as session:
        row = (await session.execute(select(PushToken))).scalar_one()
    assert TOKEN.encode() not in row.sealed_token
    assert web.services.cipher.open(row.sealed_token, bound_to=row.token_hash.hex()) == TOKEN


async def test_a_device_moves_to_who_has_it_now(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    before, after = await register(api, mina), await register(api, other)
    assert before["id"] != after["id"]
    assert await make.count(PushToken, PushToken.user_id == other.id) == await make.count(PushToken) == 1
    error = await api(mina).refused(UNREGISTER, deviceId=before["id"])
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["deviceId"])
    assert await make.count(PushToken) == 1


async def test_ten_people_at_once_on_one_device_leave_it_to_one(api, make):
    people = [await make.user() for _ in range(10)]
    await asyncio.gather(*(register(api, person) for person in people))
    assert await make.count(PushToken) == 1


async def test_a_device_is_forgotten(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    device = await register(api, mina)
    ask = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await api(mina)(ask, id=device["id"]))["node"] == {"id": device["id"]}
    assert (await api(other)(ask, id=device["id"])) == {"node": None}
    for bad in (to_wire("device", new_id()), mina.wire, "device_"):
        assert (await api(mina).refused(UNREGISTER, deviceId=bad))["code"] == "NOT_FOUND"
    assert (await api(other).refused(UNREGISTER, deviceId=device["id"]))["code"] == "NOT_FOUND"
    assert (await api(mina).do(UNREGISTER, deviceId=device["id"]))["unregisteredDeviceId"] == device["id"]
    assert (await api(mina).refused(UNREGISTER, deviceId=device["id"]))["code"] == "NOT_FOUND"
    assert await make.count(PushToken) == 0


async def test_the_twenty_newest_devices_are_kept(api, make):
    mina = await make.user("mina")
    devices = [await register(api, mina, f"{TOKEN}-{number}") for number in range(21)]
    assert await make.count(PushToken) == 20
    assert (await api(mina).refused(UNREGISTER, deviceId=devices[0]["id"]))["code"] == "NOT_FOUND"
    await api(mina).do(UNREGISTER, deviceId=devices[20]["id"])


async def test_what_cannot_be_a_token_is_refused(api, make):
    mina = await make.user("mina")
    for token in ("", "short", "x" * 4097, "tokén-of-a-device", "two\nlines-of-a-token"):
        error = await api(mina).refused(REGISTER, platform="WEB", token=token)
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["token"])
    await register(api, mina, '{"endpoint": "https://push.example/1", "keys": {"auth": "x"}}', "WEB")
    assert (await api().refused(REGISTER, platform="WEB", token=TOKEN))["code"] == "UNAUTHENTICATED"
    assert await make.count(PushToken) == 1
