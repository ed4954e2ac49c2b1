"""A line that breaks in the very moment in which it is let go of."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from engine.topics import LONGEST_PAUSE, Topic


class Exchange:
    """A server whose lines say nothing, and listeners that say goodbye to it as those of Valkey do."""

    def __init__(self):
        self.calls, self.lines = 0, []

    async def answer(self, reader, writer):
        self.calls += 1
        await reader.read()
        writer.close()

    @asynccontextmanager
    async def listen(self, topic):
        """A line; who lets go of one that is broken hears of that, whatever else they were told."""
        reader, writer = await asyncio.open_connection(*self.address)
        self.lines.append(writer)
        try:
            yield reader
        finally:
            writer.write(b"goodbye\n")
            await writer.drain()


async def nobody(topics):
    """No log."""
    return dict.fromkeys(topics, 0)


@pytest.fixture
async def exchange():
    made = Exchange()
    async with await asyncio.start_server(made.answer, "127.0.0.1", 0) as server:
        made.address = server.sockets[0].getsockname()
        yield made
        for line in made.lines:
            line.close()


async def test_who_is_to_end_ends_though_the_line_breaks_in_that_moment(exchange):
    """What the line raises hides the cancellation: who takes it for a lost line alone opens another, for ever."""
    before = asyncio.all_tasks()
    topic = Topic("room", exchange.listen, nobody)
    await asyncio.wait_for(topic.ready.wait(), 5)
    (hearing,) = (task for task in asyncio.all_tasks() - before if "Topic" in repr(task.get_coro()))
    exchange.lines[0].transport.abort()
    # Nothing has run since: the task is told of the end and finds its line broken when it lets go of it.
    began = time.monotonic()
    await topic.close()
    try:
        assert hearing.done()
        assert time.monotonic() - began < 0.9, "somebody had to be left behind"
    finally:
        hearing.cancel()
    await asyncio.sleep(0.3)
    assert exchange.calls == 1
    with pytest.raises(asyncio.CancelledError) as ended:
        hearing.result()
    assert isinstance(ended.value.__cause__, ConnectionError), "the line broke, or this proves nothing"


async def test_a_line_that_breaks_by_itself_is_opened_again(exchange):
    topic = Topic("room", exchange.listen, nobody)
    await asyncio.wait_for(topic.ready.wait(), 5)
    exchange.lines[0].transport.abort()
    async with asyncio.timeout(LONGEST_PAUSE):
        while exchange.calls < 2:
            await asyncio.sleep(0.01)
    await topic.close()
