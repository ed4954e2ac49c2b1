"""Who may do what: every mutation of the schema, by everybody who should not."""

from datetime import UTC, datetime, timedelta

import pytest
from graphql import build_schema
from sqlalchemy import update

from db import tables
from domain.accounts import ApiScope, Role
from domain.ids import new_id, to_wire
from schema.root import schema
from tests.accounts.conftest import picture
from tests.authorization.conftest import refusal

BUILT = build_schema(schema.as_str())
MUTATIONS = BUILT.mutation_type.fields
FILE = {"filename": "me.png", "contentType": "image/png", "byteSize": 70}


def window():
    """Tomorrow night."""
    starts_at = datetime.now(UTC) + timedelta(days=1)
    return {"startsAt": starts_at.isoformat(), "endsAt": (starts_at + timedelta(hours=4)).isoformat()}


SAMPLES = {
    "requestSignInCode": lambda stage: {"email": "new@example.com"},
    "signIn": lambda stage: {"code": {"email": "new@example.com", "code": "123456"}},
    "beginOAuthSignIn": lambda stage: {"provider": "SPOTIFY", "codeChallenge": "c" * 43},
    "addSignInMethod": lambda stage: {"oauth": {"ticket": "t" * 43, "codeVerifier": "v" * 43}},
    "connectAccount": lambda stage: {"provider": "SPOTIFY"},
    "connectAppleMusic": lambda stage: {"musicUserToken": "m" * 60},
    "refreshConnectedAccount": lambda stage: {"accountId": stage.ids["ConnectedAccount"]},
    "disconnectAccount": lambda stage: {"accountId": stage.ids["ConnectedAccount"]},
    "refreshSession": lambda stage: {"refreshToken": "x" * 43},
    "signOut": lambda stage: {},
    "revokeSessions": lambda stage: {"sessionIds": [stage.ids["Session"]]},
    "updateProfile": lambda stage: {"bio": "Changed", "profilePhotoUploadId": None},
    "createUploads": lambda stage: {"purpose": "PROFILE_PHOTO", "files": [FILE]},
    "completeUploads": lambda stage: {"uploadIds": [stage.ids["Upload"]]},
    "uploadProfilePhoto": lambda stage: {"file": picture()},
    "importPlayHistory": lambda stage: {"uploadId": stage.ids["Upload"]},
    "pairCompanion": lambda stage: {"name": "Another laptop"},
    "revokeCompanion": lambda stage: {"companionId": stage.ids["Companion"]},
    "createApiToken": lambda stage: {"name": "A bot", "scopes": ["READ"]},
    "revokeApiToken": lambda stage: {"apiTokenId": stage.ids["ApiToken"]},
    "registerDevice": lambda stage: {"platform": "IOS", "token": "d" * 64},
    "unregisterDevice": lambda stage: {"deviceId": stage.ids["Device"]},
    "followUser": lambda stage: {"userId": stage.friend.wire},
    "unfollowUser": lambda stage: {"userId": stage.friend.wire},
    "blockUser": lambda stage: {"userId": stage.friend.wire},
    "unblockUser": lambda stage: {"userId": stage.friend.wire},
    "reportContent": lambda stage: {"subjectId": stage.friend.wire, "reason": "SPAM"},
    "updateNotificationSettings": lambda stage: {"marketing": True},
    "markNotificationsRead": lambda stage: {"ids": [stage.ids["Notification"]]},
    "startBroadcast": lambda stage: {"title": "Another night"},
    "stopBroadcast": lambda stage: {"broadcastId": stage.room.wire},
    "sendBroadcastHeartbeat": lambda stage: {"broadcastId": stage.room.wire},
    "setNowPlaying": lambda stage: {"broadcastId": stage.room.wire, "track": {"title": "Roses", "artist": "Nova"}},
    "joinBroadcast": lambda stage: {"broadcastId": stage.room.wire},
    "leaveBroadcast": lambda stage: {"broadcastId": stage.room.wire},
    "updateBroadcast": lambda stage: {"broadcastId": stage.room.wire, "title": "Changed"},
    "setModerator": lambda stage: {"broadcastId": stage.room.wire, "userId": stage.friend.wire},
    "muteListener": lambda stage: {"broadcastId": stage.room.wire, "userId": stage.friend.wire, "minutes": 5},
    "sendMessage": lambda stage: {"broadcastId": stage.room.wire, "text": "Hello"},
    "deleteMessage": lambda stage: {"messageId": stage.ids["Message"]},
    "sendTip": lambda stage: {"broadcastId": stage.room.wire, "amount": "5.00", "idempotencyKey": "another"},
    "createPaymentLink": lambda stage: {
        "title": "Another link",
        "amount": "10.00",
        "splits": [{"recipientId": stage.friend.wire, "share": "1"}],
        "idempotencyKey": "another",
    },
    "retryJob": lambda stage: {"jobId": stage.ids["Job"]},
    "updateUserAccess": lambda stage: {"userId": stage.friend.wire, "suspended": True},
    "closeReconciliationCase": lambda stage: {"caseId": stage.ids["ReconciliationCase"], "reason": "Changed"},
    "deactivatePaymentLink": lambda stage: {"paymentLinkId": stage.ids["PaymentLink"]},
    "addPayoutMethod": lambda stage: {"kind": "ZELLE", "handle": "owner.canary@example.com"},
    "setDefaultPayoutMethod": lambda stage: {"payoutMethodId": stage.ids["PayoutMethod"]},
    "removePayoutMethod": lambda stage: {"payoutMethodId": stage.ids["PayoutMethod"]},
    "verifyPayoutMethod": lambda stage: {"payoutMethodId": stage.ids["PayoutMethod"]},
    "requestPayout": lambda stage: {"amount": "50.00", "idempotencyKey": "payout"},
    "settleManualPayout": lambda stage: {"payoutId": stage.ids["Payout"], "reference": "Changed"},
    "confirmManualPayout": lambda stage: {"payoutId": stage.ids["Payout"]},
    "reviewPayout": lambda stage: {"payoutId": stage.ids["Payout"], "decision": "CANCEL"},
    "runPayouts": lambda stage: {"dryRun": False},
    "createMission": lambda stage: {
        "title": "Another night",
        "trackRequirement": {"title": "Roses", "artist": "Nova"},
        "window": window(),
        "budget": {"amount": "10.00"},
        "fundFrom": "BALANCE",
        "idempotencyKey": "another",
    },
    "acceptMission": lambda stage: {"missionId": stage.missions["accept"]},
    "cancelMission": lambda stage: {"missionId": stage.missions["cancel"]},
    "withdrawMission": lambda stage: {"missionId": stage.missions["withdraw"]},
    "submitMissionEvidence": lambda stage: {"missionId": stage.missions["submit"], "note": "It was at one"},
    "reviewMissionEvidence": lambda stage: {
        "missionId": stage.missions["review"],
        "decision": "REJECTED",
        "note": "Too dark",
    },
    "appealMissionDecision": lambda stage: {"missionId": stage.missions["appeal"], "note": "It was light"},
    "rateMission": lambda stage: {"missionId": stage.missions["rate"], "rating": 5},
    "retryVerification": lambda stage: {"missionId": stage.missions["retry"]},
    "createExport": lambda stage: {
        "kind": "TRANSACTIONS",
        "format": "CSV",
        "from": "2026-01-01",
        "to": "2026-12-31",
        "idempotencyKey": "another",
    },
    "refundPayment": lambda stage: {
        "paymentId": stage.ids["Payment"],
        "note": "Changed",
        "idempotencyKey": "another",
    },
}
"""An input for each mutation, as the owner of everything on the stage would send it."""

STRANGERS = {"requestSignInCode": None, "beginOAuthSignIn": None, "signIn": "EXPIRED"}
"""What strangers may ask for, and the refusal that our samples get; everything else is UNAUTHENTICATED."""

OWN_MISSIONS = ("cancelMission", "withdrawMission", "submitMissionEvidence", "reviewMissionEvidence")
OWN_MISSIONS += ("appealMissionDecision", "rateMission", "retryVerification")
"""What those who are part of a mission do with it."""

PROFILE = ("updateProfile", "createUploads", "completeUploads", "uploadProfilePhoto", "importPlayHistory")
NEEDS = {
    **dict.fromkeys(PROFILE, ApiScope.PROFILE),
    **dict.fromkeys(("followUser", "unfollowUser", "blockUser", "unblockUser", "reportContent"), ApiScope.FOLLOW),
    **dict.fromkeys(("sendMessage", "deleteMessage"), ApiScope.CHAT),
    **dict.fromkeys(
        (
            *("startBroadcast", "stopBroadcast", "sendBroadcastHeartbeat", "setNowPlaying", "joinBroadcast"),
            *("leaveBroadcast", "updateBroadcast", "setModerator", "muteListener"),
        ),
        ApiScope.BROADCAST,
    ),
    **dict.fromkeys(
        (
            *("signOut", "revokeSessions", "createApiToken", "revokeApiToken", "registerDevice", "unregisterDevice"),
            *("updateNotificationSettings", "markNotificationsRead", "pairCompanion", "revokeCompanion"),
            *("addSignInMethod", "connectAccount", "connectAppleMusic", "refreshConnectedAccount", "disconnectAccount"),
            *("sendTip", "createPaymentLink", "deactivatePaymentLink", "refundPayment"),
            *("retryJob", "updateUserAccess", "closeReconciliationCase"),
            *("addPayoutMethod", "setDefaultPayoutMethod", "removePayoutMethod", "verifyPayoutMethod", "requestPayout"),
            *("settleManualPayout", "confirmManualPayout", "reviewPayout", "runPayouts"),
            *("createMission", "acceptMission", *OWN_MISSIONS, "createExport"),
        ),
        None,
    ),
}
"""The scope that a program needs; None where only a person may."""

FOREIGN = {
    "revokeSessions": "NOT_FOUND",
    "completeUploads": "NOT_FOUND",
    "revokeApiToken": "NOT_FOUND",
    "importPlayHistory": "NOT_FOUND",
    "revokeCompanion": "NOT_FOUND",
    "unregisterDevice": "NOT_FOUND",
    "markNotificationsRead": "NOT_FOUND",
    "refreshConnectedAccount": "NOT_FOUND",
    "disconnectAccount": "NOT_FOUND",
    "deactivatePaymentLink": "NOT_FOUND",
    "setDefaultPayoutMethod": "NOT_FOUND",
    "removePayoutMethod": "NOT_FOUND",
    **dict.fromkeys(OWN_MISSIONS, "NOT_FOUND"),
    "stopBroadcast": "FORBIDDEN",
    "sendBroadcastHeartbeat": "FORBIDDEN",
    "setNowPlaying": "FORBIDDEN",
    "updateBroadcast": "FORBIDDEN",
    "setModerator": "FORBIDDEN",
    "muteListener": "FORBIDDEN",
    "deleteMessage": "FORBIDDEN",
}
"""Mutations that name what only its owner may change, and the refusal of somebody else."""

OF_ALL = {"joinBroadcast", "leaveBroadcast", "sendMessage", "followUser", "unfollowUser", "blockUser", "unblockUser"}
OF_ALL |= {"connectAccount", "connectAppleMusic", "beginOAuthSignIn", "addSignInMethod", "sendTip", "createPaymentLink"}
OF_ALL |= {"addPayoutMethod", "requestPayout", "pairCompanion", "uploadProfilePhoto"}
OF_ALL |= {"createMission", "acceptMission", "createExport"}
OF_ALL |= {"reportContent", "requestSignInCode", "signIn", "refreshSession", "signOut", "updateProfile"}
OF_ALL |= {"createUploads", "createApiToken", "registerDevice", "updateNotificationSettings", "startBroadcast"}
"""Mutations that anybody may use on what is public, or that name nothing but oneself."""

OPERATORS = {"retryJob", "updateUserAccess", "closeReconciliationCase", "refundPayment"}
OPERATORS |= {"verifyPayoutMethod", "settleManualPayout", "confirmManualPayout", "reviewPayout", "runPayouts"}
"""Mutations of those who run the platform: everybody else is refused, whatever they name."""


async def refusals(client, stage, names):
    return {name: await refusal(client, name, SAMPLES[name](stage)) for name in names}


def test_every_mutation_and_kind_of_thing_is_asked_about():
    names = set(MUTATIONS)
    assert names == set(SAMPLES)
    assert names == set(NEEDS) | set(STRANGERS) | {"refreshSession"}
    assert names == set(FOREIGN) | OF_ALL | OPERATORS
    assert not set(FOREIGN) & OF_ALL
    assert not (set(FOREIGN) | OF_ALL) & OPERATORS


async def test_a_stranger_changes_nothing(api, stage, rows):
    open_to_all = {name for name, code in STRANGERS.items() if code is None}
    names = set(SAMPLES) - open_to_all
    before = await rows()
    assert await refusals(api(), stage, names) == {name: STRANGERS.get(name, "UNAUTHENTICATED") for name in names}
    assert await rows() == before
    assert await refusals(api(), stage, open_to_all) == dict.fromkeys(open_to_all)
    assert await rows() != before


@pytest.mark.parametrize("token", ["nonsense", "bl_" + "x" * 43, "a.b.c"])
async def test_a_proof_that_does_not_hold_is_worse_than_none(api, stage, rows, token):
    client = api()
    client.headers = {"authorization": f"Bearer {token}"}
    before = await rows()
    assert set((await refusals(client, stage, SAMPLES)).values()) == {"UNAUTHENTICATED"}
    assert await rows() == before


async def test_a_suspended_person_changes_nothing(api, stage, rows, database):
    async with database.transaction() as tx:
        suspended = update(tables.User).where(tables.User.id == stage.owner.id).values(suspended=True)
        await tx.session.execute(suspended)
    before = await rows()
    assert set((await refusals(api(stage.owner), stage, SAMPLES)).values()) == {"UNAUTHENTICATED"}
    assert await rows() == before


async def test_a_program_needs_the_fitting_scope(program, stage, rows):
    for lacking in {scope for scope in NEEDS.values() if scope}:
        client = await program(stage.owner, *(set(ApiScope) - {lacking}))
        names = [name for name, scope in NEEDS.items() if scope is lacking]
        before = await rows()
        assert await refusals(client, stage, names) == dict.fromkeys(names, "FORBIDDEN"), lacking
        assert await rows() == before


async def test_a_program_with_all_scopes_is_no_person(program, stage, rows):
    client = await program(stage.owner)
    names = [name for name, scope in NEEDS.items() if scope is None]
    before = await rows()
    assert await refusals(client, stage, names) == dict.fromkeys(names, "FORBIDDEN")
    assert await rows() == before


async def test_a_program_with_the_fitting_scope_is_let_in(program, stage):
    expected = dict.fromkeys(name for name, scope in NEEDS.items() if scope)
    # These the owner may not do to their own room, whoever asks for them.
    expected |= {"startBroadcast": "CONFLICT", "joinBroadcast": "CONFLICT"}
    # A photo is no history.
    expected |= {"importPlayHistory": "CONFLICT"}
    # What ends things comes last.
    last = ("deleteMessage", "stopBroadcast")
    names = [name for name in expected if name not in last] + list(last)
    clients = {scope: await program(stage.owner, scope) for scope in set(NEEDS.values()) if scope}
    found = {name: await refusal(clients[NEEDS[name]], name, SAMPLES[name](stage)) for name in names}
    assert found == expected


async def test_what_is_somebody_elses_stays_as_it_is(api, make, stage, rows):
    other = await make.user("other")
    before = await rows()
    assert await refusals(api(other), stage, FOREIGN) == FOREIGN
    assert await rows() == before
    unknown = {"broadcastId": to_wire("broadcast", new_id()), "messageId": to_wire("message", new_id())}
    for name, code in FOREIGN.items():
        sample = SAMPLES[name](stage)
        sample |= {key: value for key, value in unknown.items() if key in sample}
        if code == "FORBIDDEN":
            assert await refusal(api(other), name, sample) == "NOT_FOUND", name
    assert await rows() == before


async def test_only_operators_run_the_platform(api, make, stage, rows):
    moderator = await make.user("moderator", roles=(Role.LISTENER, Role.MODERATOR))
    before = await rows()
    for person in (stage.owner, stage.friend, moderator):
        assert await refusals(api(person), stage, OPERATORS) == dict.fromkeys(OPERATORS, "FORBIDDEN")
        assert await rows() == before


async def test_the_owner_may(api, stage):
    last = ("deleteMessage", "stopBroadcast", "disconnectAccount", "revokeSessions")
    names = [name for name in FOREIGN if name not in last] + list(last)
    # A photo is no history.
    assert await refusals(api(stage.owner), stage, names) == dict.fromkeys(names) | {"importPlayHistory": "CONFLICT"}
