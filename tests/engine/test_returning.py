"""What many have missed: executed once for all who want it at the same time, and alone for whom it must be."""

import asyncio
from types import SimpleNamespace

import pytest

from engine.onward import Delivery
from engine.returning import Returning


class Visitor:
    """Who comes back: `secret` is theirs alone, as far as an execution asks for it."""

    impersonal = frozenset({"hall"})

    def __init__(self, name):
        self.name = name
        self.hall = "hall"
        self.parameters = {"viewer": name}
        self.context = self


class Kitchen:
    """Executes: it notes for how many, and lets nobody go before it may."""

    def __init__(self, look=lambda context: context.hall):
        self.look = look
        self.made = 0
        self.may = asyncio.Event()

    async def __call__(self, context):
        self.made += 1
        seen = self.look(context)
        await self.may.wait()
        return Delivery(seen.encode())


async def come(returning, kitchen, names, key="place 7"):
    coming = [asyncio.create_task(returning.answer(key, Visitor(name), kitchen)) for name in names]
    await asyncio.sleep(0.01)
    return coming


def empty(returning):
    return not (returning._gathering or returning._running)


async def test_all_who_come_together_have_one_answer():
    returning, kitchen = Returning(), Kitchen()
    first = await come(returning, kitchen, ["mina"])
    others = await come(returning, kitchen, [f"guest {number}" for number in range(20)])
    elsewhere = await come(returning, kitchen, ["theo"], "place 8")
    assert kitchen.made == 2
    kitchen.may.set()
    answers = await asyncio.gather(*first, *others, *elsewhere)
    assert kitchen.made == 3
    assert {answer.payload for answer in answers} == {b"hall"}
    assert len({id(answer) for answer in answers}) == 3
    assert empty(returning)


async def test_what_is_somebodys_alone_is_made_for_each_alone():
    returning, kitchen = Returning(), Kitchen(lambda context: context.name)
    kitchen.may.set()
    names = ["mina", "theo", "mina", "nobody"]
    answers = await asyncio.gather(*await come(returning, kitchen, names))
    assert [answer.payload.decode() for answer in answers] == names
    assert empty(returning)


async def test_who_leaves_takes_nothing_from_the_others():
    returning, kitchen = Returning(), Kitchen()
    first = await come(returning, kitchen, ["mina"])
    leaves, stays = await come(returning, kitchen, ["theo", "leo"])
    leaves.cancel()
    first[0].cancel()
    kitchen.may.set()
    assert (await stays).payload == b"hall"
    assert kitchen.made == 2
    assert empty(returning)


async def test_a_fault_is_theirs_who_wait_for_it():
    returning, broken = Returning(), Kitchen(lambda context: SimpleNamespace().nothing)
    coming = await come(returning, broken, ["mina", "theo"])
    for each in coming:
        with pytest.raises(AttributeError):
            await each
    kitchen = Kitchen()
    kitchen.may.set()
    (again,) = await come(returning, kitchen, ["mina"])
    assert (await again).payload == b"hall"
    assert empty(returning)
