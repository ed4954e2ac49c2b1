"""People and their own things, as clients read them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, insert, literal, select

from db.expressions.money import decimal_text
from db.tables import Follow, JournalEntry, JournalLine, LedgerAccount, Notification
from domain.accounts import Channel
from domain.ids import new_id, to_wire
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.notifications import NotificationKind, SubjectType
from tests.client import operation

PERSON = """
query ($name: String!) {
  user(username: $name) {
    id username displayName bio roles genreTags instagramHandle verified followerCount followingCount
    viewerIsFollowing viewerIsBlocking profilePhotoUrl currentBroadcast { id title }
    location { city countryCode latitude longitude }
    broadcasts(first: 5) { totalCount nodes { id } }
  }
}
"""
VIEWER = """
{
  viewer {
    user { username }
    email
    phone
    unreadNotificationCount
    musicPreferences { favoriteGenres explicitContent }
    notificationSettings { broadcastStarted missionUpdates payouts bookings releases marketing }
    balances {
      currencyCode
      available { amount currencyCode }
      pending { amount currencyCode }
      withheld { amount currencyCode }
    }
  }
}
"""


async def test_a_person_as_a_stranger_sees_them(api, make):
    mina = await make.user("mina", city="Lagos")
    room = await make.room(mina, title="Tonight")
    found = (await api()(PERSON, name="mina"))["user"]
    assert found == {
        "id": mina.wire,
        "username": "mina",
        "displayName": "Mina",
        "bio": None,
        "roles": ["LISTENER", "CURATOR"],
        "genreTags": [],
        "instagramHandle": None,
        "verified": False,
        "followerCount": 0,
        "followingCount": 0,
        "viewerIsFollowing": False,
        "viewerIsBlocking": False,
        "profilePhotoUrl": None,
        "currentBroadcast": {"id": room.wire, "title": "Tonight"},
        "location": {"city": "Lagos", "countryCode": None, "latitude": None, "longitude": None},
        "broadcasts": {"totalCount": 1, "nodes": [{"id": room.wire}]},
    }
    plain = await make.user("plain")
    found = (await api(mina)(PERSON, name=plain.username))["user"]
    assert (found["location"], found["currentBroadcast"], found["broadcasts"]["totalCount"]) == (None, None, 0)


async def test_nobody_of_that_name(api):
    for name in ("nobody", "", "@", "%", "x" * 500, "\u202e"):
        assert await api()(PERSON, name=name) == {"user": None}


async def test_a_stranger_has_no_viewer(api):
    assert await api()(VIEWER) == {"viewer": None}


async def test_what_is_ones_own(api, make, door):
    mina, other = await make.user("mina"), await make.user("other")
    await door.sql(
        "INSERT INTO identities (id, user_id, channel, address, verified_at) VALUES (:id, :user, :channel, :to, now())",
        id=new_id(),
        user=mina.id,
        channel=Channel.SMS.value,
        to="+4915112345678",
    )
    async with make.database.transaction() as tx:
        await tx.session.execute(
            insert(Notification).values(
                id=new_id(),
                user_id=mina.id,
                kind=NotificationKind.NEW_FOLLOWER,
                title="New follower",
                body="Other follows you.",
                subject_type=SubjectType.USER,
                subject_id=other.id,
            )
        )
    assert (await api(mina)(VIEWER))["viewer"] == {
        "user": {"username": "mina"},
        "email": "mina@example.com",
        "phone": "+4915112345678",
        "unreadNotificationCount": 1,
        "musicPreferences": {"favoriteGenres": [], "explicitContent": True},
        "notificationSettings": {
            "broadcastStarted": True,
            "missionUpdates": True,
            "payouts": True,
            "bookings": True,
            "releases": True,
            "marketing": False,
        },
        "balances": [],
    }
    theirs = (await api(other)(VIEWER))["viewer"]
    assert (theirs["email"], theirs["phone"], theirs["unreadNotificationCount"]) == ("other@example.com", None, 0)


async def pay(make, person, amount, kind=AccountKind.AVAILABLE):
    """Move money from outside to a person."""
    async with make.database.transaction() as tx:
        ids = {}
        for owner, account in ((person.id, kind), (None, AccountKind.CLEARING)):
            ids[account] = new_id()
            await tx.session.execute(
                insert(LedgerAccount).values(id=ids[account], kind=account, owner_id=owner, currency=amount.currency)
            )
        entry = new_id()
        await tx.session.execute(insert(JournalEntry).values(id=entry, kind=EntryKind.ADJUSTMENT, description="Test"))
        lines = [(ids[kind], amount.minor), (ids[AccountKind.CLEARING], -amount.minor)]
        await tx.session.execute(
            insert(JournalLine),
            [{"id": new_id(), "entry_id": entry, "account_id": to, "amount_minor": minor} for to, minor in lines],
        )


async def test_balances_are_sums_of_the_ledger(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    await pay(make, mina, Money(1250, Currency.EUR))
    await pay(make, mina, Money(7, Currency.JPY), AccountKind.PENDING)
    await pay(make, mina, Money(1, Currency.USDC), AccountKind.WITHHELD)
    balances = (await api(mina)(VIEWER))["viewer"]["balances"]
    shown = [
        (each["currencyCode"], *(each[part]["amount"] for part in ("available", "pending", "withheld")))
        for each in balances
    ]
    assert shown == [
        ("EUR", "12.50", "0.00", "0.00"),
        ("JPY", "0", "7", "0"),
        ("USDC", "0.000000", "0.000000", "0.000001"),
    ]
    assert balances[0]["available"]["currencyCode"] == "EUR"
    assert (await api(other)(VIEWER))["viewer"]["balances"] == []


async def test_amounts_are_written_the_same_in_sql_and_python(web):
    amounts = [Money(minor, currency) for minor in (0, 1, -1, 5, 99, 100, 12345678901234567) for currency in Currency]
    async with web.database.session() as session:
        for money in amounts:
            minor, currency = literal(money.minor, BigInteger()), literal(money.currency.value)
            written = await session.execute(select(decimal_text(minor, currency)))
            assert written.scalar_one() == money.decimal


async def test_followers_come_with_their_dates_the_latest_first(api, make):
    mina = await make.user("mina")
    fans = [await make.user() for _ in range(5)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    async with make.database.transaction() as tx:
        rows = [
            {"follower_id": fan.id, "followee_id": mina.id, "followed_at": start + timedelta(days=place)}
            for place, fan in enumerate(fans)
        ]
        await tx.session.execute(insert(Follow), rows)
    lists = operation("FollowLists")
    page = (await api(mina)(lists, id=mina.wire, first=3))["node"]
    assert page["followers"]["totalCount"] == 5
    assert [edge["node"]["id"] for edge in page["followers"]["edges"]] == [fan.wire for fan in fans[:1:-1]]
    assert page["followers"]["edges"][0]["followedAt"].startswith("2026-01-05")
    assert page["following"] == {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }
    cursor = page["followers"]["pageInfo"]["endCursor"]
    rest = (await api()(lists, id=mina.wire, first=3, after=cursor))["node"]["followers"]
    assert [edge["node"]["id"] for edge in rest["edges"]] == [fan.wire for fan in fans[1::-1]]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    followed = (await api()(lists, id=fans[0].wire, first=3))["node"]["following"]
    assert [edge["node"]["id"] for edge in followed["edges"]] == [mina.wire]


async def test_people_are_nodes(api, make):
    mina = await make.user("mina")
    ask = "query ($id: ID!) { node(id: $id) { __typename id ... on User { username } } }"
    assert (await api()(ask, id=mina.wire))["node"] == {"__typename": "User", "id": mina.wire, "username": "mina"}
    for bad in (to_wire("user", new_id()), "user_", "user_x", mina.wire.upper(), mina.wire + " "):
        assert await api()(ask, id=bad) == {"node": None}
