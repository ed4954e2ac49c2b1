"""Somebody with one of everything, and ways to ask for it and to see that nothing changed."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import insert, select, text

from db import tables
from db.tables import Row
from domain.accounts import ApiScope, Role
from domain.connections import AccountProvider, Vendor
from domain.ids import new_id, to_wire
from domain.notifications import NotificationKind, SubjectType
from resolvers.accounts import api_tokens, devices
from resolvers.connections import connect
from resolvers.connections.finish import Returned, finish
from resolvers.follows import report
from tests.authorization.desk import desk
from tests.authorization.missions import ask
from tests.authorization.payouts import payable
from tests.authorization.plays import booth
from tests.cast import Person, Room
from tests.payments.rows import pay


@dataclass
class Stage:
    """Somebody with one of everything, a friend, and who runs the platform."""

    owner: Person
    friend: Person
    operator: Person
    room: Room
    missions: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


async def connected(make, sandbox, owner):
    """An account elsewhere, connected all the way; gives its id."""
    page = await connect.begin(make.database, make.services, owner.actor, provider=AccountProvider.SERATO)
    answer = await sandbox.decide(page, "kofi")
    brought = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    returned = Returned(brought["state"], code=brought["code"], issuer=brought["iss"])
    assert "status=CONNECTED" in await finish(make.database, make.services, Vendor.SERATO, returned)
    async with make.database.session() as session:
        return (await session.execute(select(tables.ConnectedAccount.id))).scalar_one()


@pytest.fixture
async def stage(make, services, sandbox):
    owner, friend = await make.user("owner", email="owner.canary@example.com"), await make.user("friend")
    room = await make.room(owner)
    operator = await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
    made = Stage(owner, friend, operator, room)
    message_id = await make.message(room)
    keys = {name: new_id() for name in ("Upload", "Notification")}
    async with make.database.transaction() as tx:
        token, _ = await api_tokens.create(tx, owner.actor, name="Canary token", scopes=[ApiScope.READ])
        device = await devices.register(tx, services.cipher, owner.actor, platform="IOS", token="canary-device")
        reported = await report(tx, owner.actor, (SubjectType.USER, friend.id), reason="SPAM", details="Canary report")
        upload = {"id": keys["Upload"], "user_id": owner.id, "purpose": "PROFILE_PHOTO", "filename": "canary.png"}
        upload |= {"content_type": "image/png", "byte_size": 70, "storage_key": "uploads/canary"}
        await tx.session.execute(insert(tables.Upload).values(**upload, expires_at=text("now() + interval '1 hour'")))
        news = {"id": keys["Notification"], "user_id": owner.id, "kind": NotificationKind.NEW_FOLLOWER}
        news |= {"title": "Canary", "body": "Canary news", "subject_type": SubjectType.USER, "subject_id": friend.id}
        await tx.session.execute(insert(tables.Notification).values(**news))
    account = await connected(make, sandbox, owner)
    paid = await pay(make.database, owner, friend, room)
    made.missions, asked = await ask(make, owner, friend)
    made.ids = {
        **paid,
        **asked,
        **await booth(make, owner),
        **await desk(make, owner),
        **await payable(make, owner, operator),
        "ConnectedAccount": to_wire("account", account),
        "User": owner.wire,
        "Broadcast": room.wire,
        "Message": to_wire("message", message_id),
        "Notification": to_wire("notification", keys["Notification"]),
        "Session": to_wire("session", owner.actor.session_id),
        "ApiToken": to_wire("token", token),
        "Upload": to_wire("upload", keys["Upload"]),
        "ContentReport": to_wire("report", reported),
        "Device": to_wire("device", device),
    }
    return made


@pytest.fixture
def rows(database):
    """Everything that is stored: `await rows()` gives each table's rows as text."""

    async def read():
        async with database.session() as session:
            found = {}
            for table in Row.metadata.sorted_tables:
                if not table.info.get("view"):
                    written = await session.execute(text(f"SELECT t::text FROM {table.name} t ORDER BY 1"))
                    found[table.name] = list(written.scalars())
            return found

    return read


@pytest.fixture
def program(make, api):
    """Ask as a program: `await program(owner, scopes)` gives a client with an API token."""

    async def client(owner, *scopes):
        async with make.database.transaction() as tx:
            _, secret = await api_tokens.create(tx, owner.actor, name="Program", scopes=scopes or list(ApiScope))
        asking = api()
        asking.headers = {"authorization": f"Bearer {secret}"}
        # The first use is noted; what follows writes nothing.
        await asking("{ viewer { user { id } } }")
        return asking

    return client


def document(name):
    field_type = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation ($input: {field_type}!) {{ {name}(input: $input) {{ userErrors {{ code message field }} }} }}"


async def refusal(client, name, input):
    """The code that a mutation is refused with; None when it is done."""
    if name == "uploadProfilePhoto":
        answer = await client.send_file(document(name), input["file"])
    else:
        answer = await client.answer(document(name), {"input": input})
    if answer.get("errors"):
        return answer["errors"][0]["extensions"]["code"]
    errors = answer["data"][name]["userErrors"]
    return errors[0]["code"] if errors else None
