"""Valid documents as wide as they may be, each with names that nobody gave before: others go on meanwhile, and it is paid."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from graphql import get_named_type, is_leaf_type, is_required_argument

from schema.root import schema
from tests.engine.bombing import Line, worked
from tests.engine.lagging import watched

POINTS = 20_000
NUMBERS = itertools.count(time.time_ns() // 1_000_000)
HELD_SECONDS = 0.015
"""So long nobody else has a turn, of the processor's time, which does not grow when others work on the machine."""
POINT_SECONDS = 0.001
"""What a point may cost us at most: with all points of a minute spent, who spends them has a third of a core."""


def leaves(name):
    return " ".join(
        field
        for field, of in schema._schema.type_map[name].fields.items()
        if is_leaf_type(get_named_type(of.type)) and not any(map(is_required_argument, of.args.values()))
    )


def roots(count):
    """The same field over and over, with all that can be said of each room."""
    asked = f"liveBroadcasts(first: 1) {{ nodes {{ {leaves('Broadcast')} }} }}"
    number = next(NUMBERS)
    return json.dumps({"query": "{" + " ".join(f"a{number}_{each}: {asked}" for each in range(count)) + "}"})


def flagged(count):
    """Always the same text, which is planned anew for other values of its variables."""
    asked = f"liveBroadcasts(first: 1) {{ nodes {{ {leaves('Broadcast')} }} }}"
    number = next(NUMBERS)
    names = [f"f{each}" for each in range(count)]
    fields = " ".join(f"{name}: {asked.replace('id ', f'id @include(if: ${name}) ', 1)}" for name in names)
    head = "query (" + " ".join(f"${name}: Boolean!" for name in names) + ")"
    variables = {name: bool(number >> each & 1) for each, name in enumerate(names)}
    return json.dumps({"query": f"{head} {{ {fields} }}", "variables": variables})


def below(count):
    """One field, and many lists under it."""
    asked = f"broadcasts(first: 1) {{ nodes {{ {leaves('Broadcast')} curator {{ {leaves('User')} }} }} }}"
    number = next(NUMBERS)
    lists = " ".join(f"a{number}_{each}: {asked}" for each in range(count))
    return json.dumps({"query": f'{{ a{number}: user(username: "mina") {{ {lists} }} }}'})


WIDE = {"at the root": lambda: roots(20), "below one field": lambda: below(12), "by its variables": lambda: flagged(20)}


@pytest.fixture(scope="module")
async def server(environment, web):
    """As in production: with a budget."""
    more = {"TRUSTED_PROXIES": "127.0.0.1", "POINTS_PER_MINUTE": str(POINTS), "REQUESTS_PER_MINUTE": "6000"}
    async with watched({**environment, **more}) as server:
        yield server


@pytest.mark.parametrize("name", WIDE)
async def test_others_go_on_while_a_wide_document_is_planned_and_it_is_paid(server, make, name):
    await make.room(await make.user("mina"))
    host, port = server.address.split(":")
    line = Line((host, int(port)))
    tries = []
    for number in range(4):
        await server.longest()
        before = worked(server.pid)
        status, answer = await line.ask(WIDE[name]().encode(), f"203.0.113.{number}")
        took = worked(server.pid) - before
        assert (status, b'"errors"' in answer) == (200, False), answer[:300]
        tries.append((took, (await server.longest())["worked"], line.spent(POINTS)))
    line.writer.close()
    await line.writer.wait_closed()
    # The first of all finds more than its own names to be new.
    took, held, points = min(tries[1:])
    print(f"{name}: {took * 1e3:.0f} ms of work, {held * 1e3:.1f} ms of it at once, {points} points")
    assert min(held for _, held, _ in tries[1:]) < HELD_SECONDS
    assert took < points * POINT_SECONDS
