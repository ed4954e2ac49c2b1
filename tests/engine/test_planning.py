"""Plans are made in turns: a wide document holds nobody up, and the same plan is made once."""

import asyncio
import time

from graphql import parse

from engine.documents import graphql_schema
from engine.executor import PLANS, CompiledExecutor
from engine.operations import execute
from engine.whole import wholes_of

WIDE = " ".join(
    f"a{n}: clubs(first: 3) {{ nodes {{ title keeper {{ handle }} notes(first: 2) {{ nodes {{ id }} }} }} }}"
    for n in range(12)
)
HELD_SECONDS = 0.015
"""What one step of a plan may take of the processor; all of it takes some hundred milliseconds."""


def bind(schema, text, context):
    [whole] = {*wholes_of(graphql_schema(schema), CompiledExecutor, parse(text)).values()}
    return whole.bind({}, context, hide_suggestions=True)


async def test_a_wide_document_holds_nobody_up(schema, make_context):
    turns = []

    async def look():
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            turns.append(time.thread_time() - began)

    context = make_context()
    looking = asyncio.create_task(look())
    reading = bind(schema, f"query Wide {{ {WIDE} }}", context)
    await asyncio.sleep(0)
    turns.clear()
    made = PLANS.made
    began = time.thread_time()
    result = await execute(reading)
    spent = time.thread_time() - began
    looking.cancel()
    assert not result.errors
    assert PLANS.made - made == 12
    held = sorted(turns, reverse=True)
    assert spent > 4 * HELD_SECONDS, "else it proves nothing"
    # Another thread's work is not ours, but a collection of garbage falls into one turn or the other.
    assert held[2] < HELD_SECONDS


async def test_who_asks_for_the_same_meanwhile_waits_for_it(schema, make_context):
    text = "query Same { shelf { title keeper { handle joinedAt } } }"
    [whole] = {*wholes_of(graphql_schema(schema), CompiledExecutor, parse(text)).values()}
    made = PLANS.made
    readings = [whole.bind({}, make_context(), hide_suggestions=True) for _ in range(5)]
    results = await asyncio.gather(*map(execute, readings))
    assert PLANS.made - made == 1
    assert len({str(result) for result in results}) == 1


async def test_who_leaves_while_a_plan_is_made_leaves_the_queue_to_others(schema, make_context):
    leaving = asyncio.create_task(execute(bind(schema, f"query Left {{ {WIDE} }}", make_context())))
    await asyncio.sleep(0.01)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    async with asyncio.timeout(5):
        result = await execute(bind(schema, "query After { shelf { id openedAt } }", make_context()))
    assert not result.errors
