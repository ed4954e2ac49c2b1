"""Rows for the reading clubs: ties in every order, hidden rows on every edge, and texts that are hard to quote."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert

from tests.engine import tables
from tests.engine.tables import Stage

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ["plain", "it's", 'quo"ted', "per%cent", "back\\slash", "ünïcode", "ten:colon", "{brace}"]
MEMBERS, CLUBS, NOTES = 12, 18, 70


def key(kind, number):
    return UUID(hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest())


def member(number):
    return key("member", number)


def wire(kind, number):
    return f"{kind}_{key(kind, number)}"


def moment(number, spread=5):
    """Times of which several are the same."""
    return START + timedelta(hours=number // spread, microseconds=number // spread * 7)


async def fill(connection):
    for table, made in (
        (tables.Member, [a_member(number) for number in range(MEMBERS)]),
        (tables.Club, [a_club(number) for number in range(CLUBS)]),
        (tables.Note, [a_note(number) for number in range(NOTES)]),
        (tables.Follow, follows()),
        (tables.Meeting, meetings()),
        (tables.Stipend, stipends()),
        (tables.Notice, [a_notice(number) for number in range(30)]),
    ):
        await connection.execute(insert(table), made)


def a_member(number):
    return {
        "id": member(number),
        "handle": f"reader{number}",
        "full_name": WORDS[number % len(WORDS)],
        "email": f"reader{number}@example.org",
        "rating": None if number % 4 == 0 else Decimal(f"{number % 5}.{number % 10}0"),
        "birthday": None if number % 3 == 0 else date(1990, 1, 1 + number),
        "joined_at": moment(number, 4),
        "barred": number in (5, 9),
        "photo_key": None if number % 2 else f"{number}.jpg",
        "settings": {"dark": number % 2 == 0, "words": WORDS[: number % 3]},
        "tags": WORDS[: number % 4],
    }


def a_club(number):
    # Each member keeps at most one open club, as the unique index wants.
    stage = Stage.OPEN if number < 8 else Stage.CLOSED if number % 3 else Stage.PLANNED
    return {
        "id": key("club", number),
        "keeper_id": member(number if number < 8 else number % 4),
        "helper_id": None if number % 3 == 0 else member(number * 5 % MEMBERS),
        "title": f"{WORDS[number % len(WORDS)]} {'x' * (number % 4)}",
        "genre": ("crime", "verse", "it's")[number % 3],
        "stage": stage,
        "secret": number % 5 == 2,
        "visits": number % 6 * 10,
        "opened_at": moment(number, 3),
        "closed_at": moment(number + 9) if stage is Stage.CLOSED else None,
        "fee_minor": number * 1234,
        "fee_currency": "JPY" if number % 4 == 1 else "EUR",
        "city": None if number % 3 == 1 else f"city {number}",
        "street": None if number % 2 else "Long Lane",
    }


def a_note(number):
    return {
        "id": key("note", number),
        "club_id": key("club", number % 7),
        "author_id": member(number * 7 % MEMBERS),
        "text": WORDS[number % len(WORDS)],
        "pinned": number % 5 == 0,
        "written_at": moment(number, 9),
        "withdrawn_at": START if number % 11 == 3 else None,
    }


def follows():
    pairs = [
        (one, other) for one in range(MEMBERS) for other in range(MEMBERS) if one != other and (one * other) % 3 != 1
    ]
    return [
        {
            "follower_id": member(one),
            "followed_id": member(other),
            "since": moment(one + other, 4),
            "muted": (one + other) % 4 == 0,
        }
        for one, other in pairs
    ]


def meetings():
    return [
        {
            "club_id": key("club", club),
            "number": number,
            "host_id": member((club + number) % MEMBERS),
            "book": WORDS[(club + number) % len(WORDS)],
            "pages": 100 * number,
            "held_at": moment(club * 5 + number),
        }
        for club in range(0, CLUBS, 2)
        for number in range(1, club % 6 + 1)
    ]


def stipends():
    return [
        {"member_id": member(number), "currency": currency, "free_minor": number * 777, "bound_minor": number * 13}
        for number in range(MEMBERS)
        for currency in ("EUR", "JPY", "USD")[: number % 4]
    ]


def a_notice(number):
    kind = ("club", "Member", "note", "member", "planet")[number % 5]
    number_of = {"club": CLUBS, "member": MEMBERS, "note": NOTES, "planet": 1}[kind.lower()]
    return {
        "id": key("notice", number),
        "member_id": member(number % 3),
        "subject_type": kind,
        # What is stored for a planet is the id of a club, which is no answer.
        "subject_id": key("club" if kind == "planet" else kind.lower(), number % number_of),
        "created_at": moment(number),
    }
