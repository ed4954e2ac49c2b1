"""What is kept of accounts elsewhere: changed keys, round trips that are over, and rooms that follow at once."""

import os

import pytest
from sqlalchemy import select, text

from db.queries.sealed import SEALED
from db.tables import JobRow, OAuthSession, Row
from domain.jobs import JobKind
from integrations.cipher import AesCipher
from jobs.sweeps import forget_old
from resolvers.accounts import keys
from resolvers.connections import round_trips
from resolvers.connections.tokens import unseal
from tests.connections.conftest import query_of


def test_every_sealed_column_is_known_to_the_change_of_keys():
    found = {
        f"{table.name}.{column.name}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed_")
    }
    assert {str(each.column.property.columns[0]) for each in SEALED} == found


async def test_tokens_and_round_trips_live_through_a_change_of_keys(browser, mina, settings):
    account = await browser.connected(mina, "SERATO")
    before = unseal(browser.services.cipher, account)
    waiting = await browser.agree(await browser.leave(mina), "mina")
    old = next(iter(settings.keys.items()))
    both = AesCipher({"newer": os.urandom(32), old[0]: old[1]})
    # A sealed profile waits for its ticket too.
    await browser.ticket("theo")
    assert await keys.rotate(browser.database, both) == 3
    after = unseal(both, await browser.row(account))
    assert (after.access_token, after.refresh_token) == (before.access_token, before.refresh_token)
    with pytest.raises(ValueError, match="not among the keys"):
        unseal(browser.services.cipher, await browser.row(account))
    assert query_of(waiting)["state"]


async def test_round_trips_that_are_over_are_forgotten(browser, mina, make, services):
    for _ in range(3):
        await browser.leave(mina)
    async with browser.database.transaction() as tx:
        one = (await tx.session.execute(select(OAuthSession.id).limit(1))).scalar_one()
        old = text("UPDATE oauth_sessions SET expires_at = now() - interval '61 minutes' WHERE id <> :one")
        await tx.session.execute(old, {"one": one})
    assert await round_trips.forget_old(browser.database) == 2
    assert await make.count(OAuthSession) == 1
    await forget_old(browser.database, services)
    assert await make.count(OAuthSession) == 1


async def test_a_room_on_air_follows_as_soon_as_its_curator_connects(browser, mina, make):
    await make.room(mina)
    polls = JobRow.kind == JobKind.POLL_PLAYER
    assert await make.count(JobRow, polls) == 0
    await browser.connected(mina)
    assert await make.count(JobRow, polls) == 1
    await browser.connected(mina)
    assert await make.count(JobRow, polls) == 2
