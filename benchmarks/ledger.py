"""`python -m benchmarks.ledger`: entries of the ledger beside a bare insert of two rows, each in a transaction of its own."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import uvloop
from sqlalchemy import insert, make_url, text

from benchmarks.__main__ import found
from benchmarks.data import run
from db import migrate
from db.queries import books
from db.session import Database, connect
from db.tables import User
from domain.ids import new_id
from domain.ledger import Occasion
from domain.money import Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import receive

PEOPLE: Final = 200
BARE_TABLE: Final = "CREATE TABLE bare (id uuid PRIMARY KEY, account_id uuid NOT NULL, amount_minor bigint NOT NULL)"
BARE: Final = "INSERT INTO bare VALUES ($1, $2, $3), ($4, $5, $6)"
AMOUNT: Final = Money(1000, Currency.USD)

Deed = Callable[[int], Awaitable[object]]


@contextmanager
def emptied(server: str) -> Iterator[str]:
    """Make a database of our own without anything in it, and drop it afterwards."""
    name = f"backline_bench_{secrets.token_hex(4)}"
    uvloop.run(run(server, f'CREATE DATABASE "{name}"'))
    try:
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        migrate.upgrade(url)
        yield url
    finally:
        uvloop.run(run(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@asynccontextmanager
async def deeds(url: str, clients: int) -> AsyncIterator[dict[str, Deed]]:
    """What is compared: the bare insert, and tips for one person and for four, of different people one after the other."""
    database = Database(connect(url, pool_size=clients, application="backline bench"), None, None)
    people = [new_id() for _ in range(PEOPLE)]
    async with database.transaction() as tx:
        rows = [{"id": key, "username": f"person_{n}", "display_name": "Person"} for n, key in enumerate(people)]
        await tx.session.execute(insert(User), rows)
        await tx.session.execute(text(BARE_TABLE))

    async def bare(number: int) -> None:
        account = people[number % PEOPLE]
        async with database.read() as connection, connection.transaction():
            await connection.execute(BARE, new_id(), account, 1000, new_id(), account, -1000)

    def tip(payees: int) -> Deed:
        async def give(number: int) -> None:
            shares = [Share(people[(number + n) % PEOPLE], 1) for n in range(payees)]
            occasion = Occasion("A tip", subject=("Broadcast", people[0]), origin=("bench", new_id().hex))
            async with database.transaction() as tx:
                await receive.receive(tx, EntryKind.TIP, AMOUNT, shares, fee_basis_points=500, occasion=occasion)

        return give

    yield {"bare": bare, "tip": tip(1), "tip for four": tip(4)}
    async with database.session() as session:
        assert await books.check_books(session) == []
    await database.close()


async def rate(deed: Deed, numbers: Iterator[int], clients: int, seconds: float) -> float:
    """How often something is done in a second by so many clients at a time."""
    began, done = time.perf_counter(), 0

    async def client() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await deed(next(numbers))
            done += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (time.perf_counter() - began)


async def measure(url: str, clients: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Take turns, so that whatever else the machine does meets all of them alike; the first turns warm up."""
    numbers = itertools.count()
    async with deeds(url, clients) as compared:
        rates: dict[str, list[float]] = {name: [] for name in compared}
        for turn in range(rounds + 1):
            for name, deed in compared.items():
                measured = await rate(deed, numbers, clients, seconds)
                if turn:
                    rates[name].append(measured)
    return rates


def report(rates: dict[str, list[float]], clients: int) -> str:
    """A line for each: how many a second, and how that is to the bare insert of the same round."""
    lines = [f"{clients} {'client' if clients == 1 else 'clients'}:"]
    for name, measured in rates.items():
        ratios = [mine / bare for mine, bare in zip(measured, rates["bare"], strict=True)]
        lines.append(f"  {name:<14}{median(measured):>9,.0f}/s   x {median(ratios):.3f} of bare   {spread(ratios)}")
    return "\n".join(lines)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """The middle half and the whole range."""
    low, _, high = (f"{value:.{digits}f}" for value in quantiles(values, n=4))
    return f"(half of the rounds {low} to {high}, all {min(values):.{digits}f} to {max(values):.{digits}f})"


def main() -> int:
    """Measure and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    made.add_argument("--rounds", type=int, default=15, help="turns of each (15)")
    made.add_argument("--seconds", type=float, default=0.5, help="how long a turn lasts (0.5)")
    made.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="how many at the same time (1 8)")
    asked = made.parse_args()
    with tempfile.TemporaryDirectory(prefix="backline-bench-") as folder, found(Path(folder)) as addresses:
        print(f"Alternating rounds of {asked.seconds:g} s, ratios within each round; {os.cpu_count()} cores for all.")
        for clients in asked.clients:
            with emptied(addresses.database_url) as url:
                print(report(uvloop.run(measure(url, clients, asked.rounds, asked.seconds)), clients), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
