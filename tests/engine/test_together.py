"""Questions that are asked once for all who ask at the same time."""

import asyncio

import pytest

from engine.together import Together


class Oracle:
    """Knows how often it was asked; it answers when it is let."""

    def __init__(self):
        self.asked = []
        self.may = asyncio.Event()
        self.fault = None

    async def __call__(self, keys):
        self.asked.append(sorted(keys))
        number = len(self.asked)
        await self.may.wait()
        if self.fault:
            raise self.fault
        return {key: number for key in keys if key != "unknown"}


async def test_who_asks_while_a_question_is_under_way_has_a_part_in_the_next():
    oracle = Oracle()
    ask = Together(oracle)
    first = asyncio.create_task(ask(["a"]))
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(ask([key])) for key in ("a", "b", "unknown", "b")]
    await asyncio.sleep(0.01)
    assert oracle.asked == [["a"]]
    oracle.may.set()
    assert await first == {"a": 1}
    assert await asyncio.gather(*later) == [{"a": 2}, {"b": 2}, {}, {"b": 2}]
    assert oracle.asked == [["a"], ["a", "b", "unknown"]]
    assert await ask(["a"]) == {"a": 3}


async def test_who_leaves_takes_nothing_from_the_others():
    oracle = Oracle()
    ask = Together(oracle)
    leaves, stays = asyncio.create_task(ask(["a"])), asyncio.create_task(ask(["a"]))
    await asyncio.sleep(0.01)
    leaves.cancel()
    oracle.may.set()
    assert await stays == {"a": 1}
    assert oracle.asked == [["a"]]


async def test_a_fault_is_everybodys_and_the_next_question_is_asked_all_the_same():
    oracle = Oracle()
    ask = Together(oracle)
    oracle.fault = OSError("gone")
    asking = [asyncio.create_task(ask(["a"])) for _ in range(2)]
    await asyncio.sleep(0.01)
    later = asyncio.create_task(ask(["a"]))
    await asyncio.sleep(0.01)
    oracle.may.set()
    for each in (*asking, later):
        with pytest.raises(OSError, match="gone"):
            await each
    oracle.fault = None
    assert await ask(["a"]) == {"a": 3}
