"""The contract: every operation that the apps send either validates and runs, or waits for what it touches."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate
from sqlalchemy import func, update

from db import tables
from domain.accounts import Role
from domain.ids import to_wire
from domain.jobs import Job, JobKind
from schema.root import schema
from tests.accounts.conftest import put
from tests.client import CONTRACT, contract_files, operation
from tests.missions.walk import MISSIONS, missions
from tests.payouts.conftest import Till
from tests.plays.conftest import COMPLETE, evening

GIVEN = Path(__file__).parent.parent.parent / "shared" / "contract"

WAITING_FILES = {
    "assistant": "the assistant and its proposals",
    "bookings": "bookings and the calendar",
    "money": "payouts, payment links and the wallet",
    "operations": "the operators' desk",
    "playlogs": "radio plays and royalties",
    "releases": "releases and their delivery",
    "vault": "the vault and the marketplace",
}
WAITING = {
    "Viewer": "stations and marketplace profiles",
    "UserProfile": "marketplace profiles",
    "RequestDataExport": "data export and erasure",
    "DeleteAccount": "data export and erasure",
}
EARLY = {"CreateUploads", "CreatePaymentLink"}
EARLY |= {"Wallet", "CuratorEarnings", "TrialBalance", "JobMonitor", "RetryJob", "AuditLog", "WebhookEvents"}
EARLY |= {"Users", "UpdateUserAccess"}
EARLY |= {
    "AddPayoutMethod",
    "RemovePayoutMethod",
    "SetDefaultPayoutMethod",
    "RequestPayout",
    "Payouts",
    "PayoutUpdated",
}
EARLY |= {"AllPayouts", "SettleManualPayout", "ConfirmManualPayout", "ReviewPayout", "RunPayouts"}
EARLY |= MISSIONS | {"PlatformMetrics"}
"""Operations of waiting files that work already."""

OPERATIONS = {
    node.name.value: file
    for file, document in contract_files().items()
    for node in document.definitions
    if isinstance(node, OperationDefinitionNode)
}


def subject_of(name):
    return None if name in EARLY else WAITING.get(name) or WAITING_FILES.get(OPERATIONS[name])


READY = [name for name in OPERATIONS if subject_of(name) is None]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_validates_or_waits(name):
    errors = validate(schema._schema, parse(operation(name)))
    if subject_of(name) is None:
        assert errors == []
    else:
        assert errors, f"{name} waits for nothing any more: take it off the list"


def test_the_copy_is_the_contract():
    if not GIVEN.is_dir():
        pytest.skip("the folder with the given contract is not here")
    given = {path.name: path.read_text() for path in GIVEN.glob("*.graphql")}
    assert {path.name: path.read_text() for path in CONTRACT.glob("*.graphql")} == given


class Walk:
    """One walk through all that works, which notes what it sent."""

    def __init__(self, api, make, sandbox):
        self.api, self.make, self.sandbox = api, make, sandbox
        self.sent = set()

    async def ask(self, person, name, /, **variables):
        self.sent.add(name)
        return await self.api(person)(operation(name), **variables)

    async def do(self, person, name, /, **input):
        self.sent.add(name)
        return await self.api(person).do(operation(name), **input)

    def subscribe(self, person, name, /, **variables):
        self.sent.add(name)
        return self.api(person).subscribe(operation(name), **variables)


@pytest.fixture
def walk(api, make, sandbox):
    return Walk(api, make, sandbox)


async def test_all_that_is_ready_runs(walk, run_jobs):
    await sign_in_and_out(walk, run_jobs)
    mina, guest = await walk.make.user("mina", genre_tags=["house"]), await walk.make.user("guest")
    await profile(walk, mina)
    await accounts(walk, mina, run_jobs)
    await plays(walk, mina)
    await people(walk, mina, guest, run_jobs)
    await rooms(walk, mina, guest)
    await links(walk, mina, guest)
    await missions(walk)
    await payouts(walk, run_jobs)
    await exports(walk, mina, run_jobs)
    await desk(walk, mina, guest)
    await programs(walk, guest)
    await end_sessions(walk, guest)
    assert walk.sent == set(READY)


async def sign_in_and_out(walk, run_jobs):
    await walk.do(None, "RequestSignInCode", email="new@example.com")
    await run_jobs()
    code = await walk.sandbox.code_for("new@example.com")
    signed = await walk.do(None, "SignIn", code={"email": "new@example.com", "code": code})
    assert signed["isNewUser"] is True
    fresh = await walk.do(None, "RefreshSession", refreshToken=signed["session"]["refreshToken"])
    assert fresh["session"]["refreshToken"] != signed["session"]["refreshToken"]
    await walk.do(None, "SignOut", refreshToken=fresh["session"]["refreshToken"])


async def profile(walk, mina):
    uploads = await walk.do(
        mina,
        "CreateUploads",
        purpose="PROFILE_PHOTO",
        files=[{"filename": "me.png", "contentType": "image/png", "byteSize": 100}],
    )
    assert uploads["uploads"][0]["method"] == "PUT"
    changed = await walk.do(
        mina,
        "UpdateProfile",
        bio="Plays records",
        location={"city": "Lagos", "countryCode": "NG"},
        favoriteGenres=["house"],
    )
    assert changed["user"]["location"]["city"] == "Lagos"
    settings = {"missionUpdates": False, "marketing": True}
    changed = await walk.do(mina, "UpdateNotificationSettings", **settings)
    assert changed["notificationSettings"]["marketing"] is True


async def accounts(walk, mina, run_jobs):
    page = (await walk.do(mina, "ConnectAccount", provider="SPOTIFY"))["authorizationUrl"]
    back = await walk.sandbox.decide(page, "mina")
    await walk.sandbox.http.get(back.headers["location"])
    user = await walk.sandbox.control("POST", "/apple_music/users/mina/token", json={})
    apple = await walk.do(mina, "ConnectAppleMusic", musicUserToken=user["token"])
    listed = await walk.api(mina)("{ viewer { connectedAccounts { id provider status username expiresAt } } }")
    providers = {account["provider"]: account["id"] for account in listed["viewer"]["connectedAccounts"]}
    assert list(providers) == ["APPLE_MUSIC", "SPOTIFY"]
    for account_id in providers.values():
        renewed = await walk.do(mina, "RefreshConnectedAccount", accountId=account_id)
        assert renewed["connectedAccount"]["status"] == "CONNECTED"
    ended = await walk.do(mina, "DisconnectAccount", accountId=apple["connectedAccount"]["id"])
    assert ended["connectedAccount"]["status"] == "DISCONNECTED"
    await run_jobs()


async def plays(walk, mina):
    facts = [{"filename": "7.session", "contentType": "application/octet-stream", "byteSize": len(evening())}]
    (target,) = (await walk.do(mina, "CreateUploads", purpose="PLAY_HISTORY", files=facts))["uploads"]
    await put(target, evening())
    await walk.api(mina).do(COMPLETE, uploadIds=[target["id"]])
    assert (await walk.do(mina, "ImportPlayHistory", uploadId=target["id"]))["importedCount"] == 3
    shown = (await walk.ask(mina, "PlayHistory", first=5))["viewer"]["playHistory"]
    assert (shown["totalCount"], shown["nodes"][0]["track"]["artist"]) == (3, "Nova")
    assert (await walk.do(mina, "PairCompanion", name="Booth laptop"))["secret"]


async def people(walk, mina, guest, run_jobs):
    await walk.ask(guest, "SuggestedCurators", first=5)
    followed = await walk.do(guest, "FollowUser", userId=mina.wire)
    assert followed["user"]["viewerIsFollowing"] is True
    lists = await walk.ask(guest, "FollowLists", id=mina.wire, first=5)
    assert lists["node"]["followers"]["edges"][0]["followedAt"]
    found = await walk.ask(None, "SearchCurators", query="mi", first=5)
    assert [node["username"] for node in found["curators"]["nodes"]] == ["mina"]
    await run_jobs()
    await walk.ask(mina, "Notifications", first=5)
    assert (await walk.do(mina, "MarkNotificationsRead"))["unreadNotificationCount"] == 0
    report = {"subjectId": guest.wire, "reason": "SPAM"}
    assert (await walk.do(mina, "ReportContent", **report))["contentReport"]["status"] == "OPEN"
    blocked = await walk.make.user()
    assert (await walk.do(mina, "BlockUser", userId=blocked.wire))["user"]["viewerIsBlocking"] is True
    assert (await walk.do(mina, "UnblockUser", userId=blocked.wire))["user"]["viewerIsBlocking"] is False


async def rooms(walk, mina, guest):
    async with (
        walk.subscribe(None, "BroadcastLifecycle") as lifecycle,
        walk.subscribe(guest, "NotificationReceived") as news,
    ):
        await wait_for_line(walk)
        room = (await walk.do(mina, "StartBroadcast", title="Night drive"))["broadcast"]["id"]
        assert (await lifecycle.next())["broadcastLifecycle"]["__typename"] == "BroadcastStarted"
        await walk.make.run_jobs()
        assert (await news.next())["notificationReceived"]["notification"]["kind"] == "BROADCAST_STARTED"
    async with walk.subscribe(guest, "BroadcastEvents", broadcastId=room) as events:
        assert (await events.next())["broadcastEvents"]["event"]["__typename"] == "BroadcastSnapshot"
        await in_the_room(walk, mina, guest, room)
        kinds = [(await events.next())["broadcastEvents"]["event"]["__typename"] for _ in range(5)]
    assert kinds == ["ListenerJoined", "TrackChanged", "MessageSent", "MessageDeleted", "ListenerLeft"]
    await read_rooms(walk, mina, room)
    await walk.do(mina, "StopBroadcast", broadcastId=room)
    history = await walk.ask(None, "CuratorHistory", curatorId=mina.wire, first=5)
    assert history["node"]["broadcasts"]["nodes"][0]["status"] == "ENDED"
    await walk.do(guest, "UnfollowUser", userId=mina.wire)


async def in_the_room(walk, mina, guest, room):
    await walk.do(guest, "JoinBroadcast", broadcastId=room)
    await walk.do(mina, "SendBroadcastHeartbeat", broadcastId=room)
    await walk.do(mina, "SetNowPlaying", broadcastId=room, track={"title": "Yebo", "artist": "Kwaito Kids"})
    tip = await walk.do(guest, "SendTip", broadcastId=room, amount="5.00", currencyCode="EUR", idempotencyKey="tip")
    assert tip["tip"]["checkout"]["status"] == "OPEN"
    sent = await walk.do(guest, "SendMessage", broadcastId=room, text="Hello")
    await walk.ask(None, "MessagesAfter", broadcastId=room, after=sent["messageEdge"]["cursor"], first=5)
    await walk.do(guest, "DeleteMessage", messageId=sent["messageEdge"]["node"]["id"])
    await walk.do(mina, "UpdateBroadcast", broadcastId=room, chatIntervalSeconds=10)
    await walk.do(mina, "SetModerator", broadcastId=room, userId=guest.wire)
    await walk.do(mina, "MuteListener", broadcastId=room, userId=guest.wire, minutes=1)
    await walk.do(guest, "LeaveBroadcast", broadcastId=room)


async def read_rooms(walk, mina, room):
    live = await walk.ask(None, "LiveBroadcasts", first=5)
    assert live["liveBroadcasts"]["totalCount"] == 1
    assert len((await walk.ask(None, "LiveRoomsWithChat", first=5, messages=5))["liveBroadcasts"]["nodes"]) == 1
    seen = (await walk.ask(mina, "BroadcastRoom", id=room, messages=5, listeners=5, tracks=5))["broadcast"]
    assert (seen["nowPlaying"]["track"]["title"], seen["tipTotal"]) == ("Yebo", [])
    now = await walk.ask(None, "CuratorNowPlaying", curatorId=mina.wire)
    assert now["node"]["currentBroadcast"]["id"] == room


async def links(walk, mina, guest):
    splits = [{"recipientId": person.wire, "share": share} for person, share in ((mina, "0.7"), (guest, "0.3"))]
    given = {"title": "A mix", "amount": "20.00", "currencyCode": "USD", "splits": splits, "idempotencyKey": "link"}
    made = (await walk.do(mina, "CreatePaymentLink", **given))["paymentLink"]
    assert (made["active"], [split["share"] for split in made["splits"]]) == (True, ["0.7", "0.3"])


async def payouts(walk, run_jobs):
    till, theo = Till(walk.make, walk.sandbox), await walk.make.user("theo")
    pay, check = [await walk.make.user(name, roles=(Role.LISTENER, Role.OPERATOR)) for name in ("ola", "ana")]
    added = await walk.do(theo, "AddPayoutMethod", kind="STRIPE", countryCode="US")
    assert added["onboardingUrl"]
    await walk.do(theo, "RemovePayoutMethod", payoutMethodId=added["payoutMethod"]["id"])
    method_id = to_wire("method", await till.by_hand(theo, handle="$theo"))
    chosen = await walk.do(theo, "SetDefaultPayoutMethod", payoutMethodId=method_id)
    assert [method["isDefault"] for method in chosen["payoutMethods"]] == [True]
    await till.earn(theo, 20_000)
    asked = [
        (await walk.do(theo, "RequestPayout", amount="50.00", currencyCode="USD", idempotencyKey=key))["payout"]
        for key in ("one", "two")
    ]
    async with walk.subscribe(theo, "PayoutUpdated") as moves:
        seen = [(await moves.next())["payoutUpdated"]["id"] for _ in asked]
        assert seen == [payout["id"] for payout in asked]
        await walk.do(pay, "SettleManualPayout", payoutId=seen[0], reference="CA-1")
        assert (await moves.next())["payoutUpdated"]["status"] == "AWAITING_CONFIRMATION"
        assert (await walk.do(check, "ConfirmManualPayout", payoutId=seen[0]))["payout"]["status"] == "PAID"
        assert (await moves.next())["payoutUpdated"]["status"] == "PAID"
    assert (await walk.do(pay, "ReviewPayout", payoutId=seen[1], decision="CANCEL"))["payout"]["status"] == "CANCELLED"
    planned = (await walk.do(pay, "RunPayouts", dryRun=True))["run"]
    assert (planned["eligibleCount"], planned["total"]) == (1, [{"amount": "150.00", "currencyCode": "USD"}])
    await walk.do(pay, "RunPayouts", dryRun=False)
    await run_jobs()
    queue = (await walk.ask(check, "AllPayouts", first=5, filter={"manual": True}))["payouts"]["nodes"]
    assert [(payout["amount"]["amount"], payout["viewerActions"]) for payout in queue] == [
        ("150.00", ["CANCEL", "SETTLE"])
    ]
    assert (await walk.ask(theo, "Payouts", first=5))["viewer"]["payouts"]["totalCount"] == 3


async def exports(walk, mina, run_jobs):
    today = str(datetime.now(UTC).date())
    asked = {"kind": "PAYOUTS", "format": "CSV", "from": today, "to": today, "idempotencyKey": "export"}
    wire = (await walk.do(mina, "CreateExport", **asked))["export"]["id"]
    await run_jobs()
    seen = (await walk.ask(mina, "ExportStatus", id=wire))["node"]
    assert (seen["status"], seen["progress"]) == ("READY", 100)


async def desk(walk, mina, guest):
    operator = await walk.make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
    async with walk.make.database.transaction() as tx:
        parked = await tx.later(Job(JobKind.DELETE_FILES, "parked", {"keys": []}))
        row = tables.JobRow
        given_up = {"status": "PARKED", "finished_at": func.now(), "last_error": "OSError"}
        await tx.session.execute(update(row).where(row.id == parked).values(**given_up))
    jobs = (await walk.ask(operator, "JobMonitor", first=5, filter={"status": "PARKED"}))["jobs"]
    assert [(job["name"], job["lastError"]) for job in jobs["nodes"]] == [("DELETE_FILES", "OSError")]
    assert (await walk.do(operator, "RetryJob", jobId=jobs["nodes"][0]["id"]))["job"]["status"] == "PENDING"
    changed = await walk.do(operator, "UpdateUserAccess", userId=guest.wire, verified=True, reason="Met them")
    assert changed["user"]["verified"] is True
    assert (await walk.ask(operator, "Users", first=5, filter={"verified": True}))["users"]["totalCount"] == 1
    log = (await walk.ask(operator, "AuditLog", first=2))["auditLog"]["nodes"]
    assert [line["action"] for line in log] == ["VERIFIED", "JOB_RETRIED"]
    assert (await walk.ask(operator, "TrialBalance"))["trialBalance"]["balanced"] is True
    today = {"from": str(datetime.now(UTC).date()), "to": str(datetime.now(UTC).date())}
    assert (await walk.ask(operator, "PlatformMetrics", **today))["platformMetrics"]["djSatisfaction"][
        "ratingCount"
    ] == 1
    assert (await walk.ask(operator, "WebhookEvents", first=5))["webhookEvents"]["pageInfo"]["hasPreviousPage"] is False
    assert (await walk.ask(mina, "Wallet", first=5))["viewer"]["transactions"]["totalCount"] == 0
    year = {"from": "2026-01-01", "to": "2026-12-31"}
    assert (await walk.ask(mina, "CuratorEarnings", **year))["viewer"]["earnings"]["total"] == []


async def programs(walk, guest):
    device = await walk.do(guest, "RegisterDevice", platform="IOS", token="a" * 64)
    await walk.do(guest, "UnregisterDevice", deviceId=device["device"]["id"])
    made = await walk.do(guest, "CreateApiToken", name="Monitor", scopes=["READ"])
    assert made["secret"].startswith("bl_")
    listed = await walk.ask(guest, "Sessions")
    assert [token["name"] for token in listed["viewer"]["apiTokens"]] == ["Monitor"]
    await walk.do(guest, "RevokeApiToken", apiTokenId=made["apiToken"]["id"])


async def end_sessions(walk, guest):
    sessions = (await walk.ask(guest, "Sessions"))["viewer"]["sessions"]
    ended = await walk.do(guest, "RevokeSessions", sessionIds=[session["id"] for session in sessions])
    assert ended["revokedSessionIds"] == [session["id"] for session in sessions]


async def wait_for_line(walk):
    """A subscription that asks for no snapshot has begun when its topic is followed; both are asked for one after the other."""
    await asyncio.sleep(0.5)
