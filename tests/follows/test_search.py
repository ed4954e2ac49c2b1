"""Finding people by name."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from db.access.follows import findable
from db.access.viewer import VIEWER
from db.expressions.follows import matches
from db.tables import User
from tests.client import operation

SEARCH, BLOCK, FOLLOW = operation("SearchCurators"), operation("BlockUser"), operation("FollowUser")


@pytest.fixture
def find(api):
    """The usernames that a search gives."""

    async def search(query, person=None, **page):
        found = (await api(person)(SEARCH, query=query, **{"first": 20, **page}))["curators"]
        assert found["totalCount"] >= len(found["nodes"])
        return [node["username"] for node in found["nodes"]]

    return search


async def refusal(api, query):
    answer = await api().answer(SEARCH, {"query": query, "first": 5})
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"]["field"]


async def test_the_beginning_of_a_username_finds(make, find):
    for name in ("mina.k", "mina_b", "minor", "amina"):
        await make.user(name, display_name="Somebody")
    assert set(await find("mina")) == {"mina.k", "mina_b"}
    assert set(await find("  @Min")) == {"mina.k", "mina_b", "minor"}
    assert await find("mina.k") == ["mina.k"]
    assert await find("nobody") == []


async def test_all_words_must_be_there_and_the_last_may_be_unfinished(make, find):
    await make.user("one", display_name="Mina Okafor")
    await make.user("two", display_name="Mina Lindqvist")
    assert set(await find("mina")) == {"one", "two"}
    assert await find("mina oka") == ["one"]
    assert await find("lind mina") == []
    assert await find("lindqvist mi") == ["two"]
    assert await find("mina nobody") == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Beyoncé", "BEYONCE"),
        ("Beyonce", "béyoncé"),
        ("Zoë Ørsted", "zoe orsted"),
        ("Łukasz Straße", "lukasz strasse"),
        ("Алёна", "АЛЕНА"),
        ("Σίσυφος", "σισυφοσ"),
        ("\uff2d\uff49\uff4e\uff41", "mina"),
        ("ليلى", "ليلى"),
        ("DJ 3000", "dj 30"),
        ("O'Brien & Sons", "o'brien"),
        ("ﬁlm", "film"),
    ],
)
async def test_case_accents_and_width_make_no_difference(make, find, name, query):
    await make.user("somebody", display_name=name)
    await make.user("another", display_name="Quiet")
    assert await find(query) == ["somebody"]


@pytest.mark.parametrize("query", ["%", "_", "m_na", "\\", "*", "'", "mina & leo", "mina | x", "!x", "(", "~", "mi:na"])
async def test_signs_have_no_meaning_of_their_own(make, find, query):
    await make.user("mina")
    await make.user("leo")
    assert await find(query) == []


@pytest.mark.parametrize("query", ["m%", "mina:*", "!mi", "(mina)", "m'"])
async def test_signs_only_part_words(make, find, query):
    await make.user("mina")
    await make.user("leo")
    assert await find(query) == ["mina"]


@pytest.mark.parametrize("query", ["", "   ", "@", " @ ", "\u0301", "x" * 101, "é" * 101])
async def test_nothing_to_look_for_and_too_much_are_refused(api, make, query):
    assert await refusal(api, query) == ("INVALID_INPUT", ["query"])


async def test_a_hundred_characters_are_fine(find):
    assert await find("x" * 100) == []


async def test_who_is_gone_is_not_found(make, find):
    await make.user("mina.here")
    await make.user("mina.left", deleted_at=func.now())
    await make.user("mina.suspended", suspended=True)
    assert await find("mina") == ["mina.here"]


async def test_a_block_hides_each_from_the_other_and_from_nobody_else(api, make, find):
    mina, leo, ana = [await make.user(name) for name in ("mina", "leo", "ana")]
    await api(mina).do(BLOCK, userId=leo.wire)
    assert (await find("leo", mina), await find("mina", leo)) == ([], [])
    for other in (ana, None):
        assert (await find("leo", other), await find("mina", other)) == (["leo"], ["mina"])


async def test_the_most_followed_come_first_and_pages_have_no_holes(api, make, find):
    for index in range(25):
        await make.user(f"mina{index:02}", follower_count=index // 3)
    seen, cursor = [], None
    while True:
        page = (await api()(SEARCH, query="mina", first=4, after=cursor))["curators"]
        assert page["totalCount"] == 25
        seen += page["nodes"]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    counts = [node["followerCount"] for node in seen]
    assert counts == sorted(counts, reverse=True)
    assert len({node["id"] for node in seen}) == 25


async def test_it_says_whom_one_follows(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(leo).do(FOLLOW, userId=mina.wire)
    for person, following in ((leo, True), (mina, False), (None, False)):
        (node,) = (await api(person)(SEARCH, query="mina", first=1))["curators"]["nodes"]
        assert (node["viewerIsFollowing"], node["followerCount"]) == (following, 1)


@pytest.mark.parametrize("page", [{"first": -1}, {"first": 101}, {"first": 5, "after": "broken"}])
async def test_pages_that_cannot_be_are_refused(api, page):
    answer = await api().answer(SEARCH, {"query": "mina", **page})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_hundred_thousand_people_are_searched_by_index(database):
    """Rare names by the indexes of names, frequent ones down the order of followers; nothing reads the whole table."""
    crowd = """
        INSERT INTO users (id, username, display_name, follower_count)
        SELECT gen_random_uuid(), chr(97 + n % 26) || 'name.' || n, 'Person ' || n % 5000, n % 997
        FROM generate_series(1, 100000) AS n
    """
    person = aliased(User)
    order = (person.follower_count.desc(), person.id.desc())
    async with database.session() as session:
        await session.execute(text(crowd))
        await session.execute(text("ANALYZE users"))
        for query, index in (("qname.123", "ix_users_words"), ("person", "ix_users_followers")):
            search = (
                select(person.id).where(matches(person, query), findable(person, VIEWER)).order_by(*order).limit(21)
            )
            written = search.params(viewer=None).compile(
                dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
            )
            plan = "\n".join((await session.execute(text(f"EXPLAIN {written}"))).scalars())
            assert index in plan, plan
            assert "Seq Scan on users" not in plan, plan
    # What was rolled back still lies in the table, and would slow the tests that follow.
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE users"))
