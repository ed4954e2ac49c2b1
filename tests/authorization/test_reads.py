"""Who may see what: every kind of thing and every private field of the schema, by everybody who should not."""

from graphql import build_schema, is_required_argument

from domain.ids import new_id
from schema.root import schema
from tests.authorization.conftest import refusal

BUILT = build_schema(schema.as_str())
NODES = {kind.name for kind in BUILT.get_possible_types(BUILT.type_map["Node"])}
PUBLIC = {"User", "Broadcast", "Message"}
OF_OPERATORS = {"Job", "AuditEntry", "WebhookEvent", "ReconciliationCase", "PayoutRun"}
SUBSCRIPTIONS = {
    "broadcastEvents": "broadcastEvents(broadcastId: $room) { cursor }",
    "broadcastLifecycle": "broadcastLifecycle { __typename }",
    "notificationReceived": "notificationReceived { cursor }",
    "payoutUpdated": "payoutUpdated { id }",
    "missionUpdated": "missionUpdated(id: $mission) { id }",
}


DESK = {
    "jobs": "Job",
    "auditLog": "AuditEntry",
    "webhookEvents": "WebhookEvent",
    "reconciliationCases": "ReconciliationCase",
    "users": "User",
    "payouts": "Payout",
    "unverifiedPayoutMethods": "PayoutMethod",
}
"""Lists of operators' alone, and what is in them."""

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
TEN = 10
TEN_NODES = (
    f"query ({', '.join(f'$id{n}: ID!' for n in range(TEN))}) "
    f"{{ {' '.join(f'node{n}: node(id: $id{n}) {{ __typename id }}' for n in range(TEN))} }}"
)


async def test_what_is_hidden_looks_like_what_is_missing(api, make, stage, program):
    assert set(stage.ids) == NODES, "a kind of thing without a sample"
    other = await make.user("other")
    askers = [api(), api(other), await program(other)]
    for kind, wire in stage.ids.items():
        seen_by = stage.operator if kind in OF_OPERATORS else stage.owner
        assert (await api(seen_by)(NODE, id=wire))["node"] == {"__typename": kind, "id": wire}
        missing = f"{wire.partition('_')[0]}_{new_id()}"
        for asker in askers:
            bodies = [await asker.post({"query": NODE, "variables": {"id": each}}) for each in (wire, missing)]
            found, nothing = ((body.status_code, body.content) for body in bodies)
            assert (found == nothing) is (kind not in PUBLIC), kind


async def test_a_deleted_message_is_missing_for_everybody(api, stage):
    wire = stage.ids["Message"]
    assert await refusal(api(stage.owner), "deleteMessage", {"messageId": wire}) is None
    for asker in (api(), api(stage.owner), api(stage.friend)):
        assert await asker(NODE, id=wire) == {"node": None}


async def test_ids_of_the_wrong_kind_reach_nothing(api, stage):
    """A key under another type's prefix is no way around what hides it."""
    for kind, wire in stage.ids.items():
        key = wire.partition("_")[2]
        if kind in OF_OPERATORS:
            assert await api(stage.owner)(NODE, id=wire) == {"node": None}
        prefixes = sorted({other.partition("_")[0] for other in stage.ids.values()} - {wire.partition("_")[0]})
        for start in range(0, len(prefixes), TEN):
            # The last ones are asked with some that were asked already: one text is planned once.
            some = prefixes[-TEN:] if start + TEN > len(prefixes) else prefixes[start : start + TEN]
            ids = {f"id{n}": f"{prefix}_{key}" for n, prefix in enumerate(some)}
            assert await api(stage.owner)(TEN_NODES, **ids) == {f"node{n}": None for n in range(TEN)}, (kind, some)


def test_private_fields_are_the_viewers_alone():
    private = {name for name in BUILT.type_map["Viewer"].fields if name != "user"}
    assert {
        "email",
        "phone",
        "sessions",
        "apiTokens",
        "connectedAccounts",
        "appleMusicDeveloperToken",
        "balances",
        "transactions",
        "earnings",
        "notifications",
        "payoutMethods",
        "payouts",
        "playHistory",
        "companions",
    } <= private
    shown = {
        f"{kind.name}.{name}"
        for kind in BUILT.type_map.values()
        if kind.name not in {"Viewer", "NotificationEvent", "MarkNotificationsReadPayload"}
        for name in getattr(kind, "fields", {})
        if name in private and not kind.name.endswith(("Input", "Payload"))
    }
    # What operators alone see, and whether somebody wants to hear of payouts.
    assert shown == {"Query.payouts", "PayoutRun.payouts", "NotificationSettings.payouts"}
    reached = [
        f"{kind.name}.{name}"
        for kind in BUILT.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        if str(field.type).strip("!") == "Viewer"
    ]
    assert reached == ["Query.viewer"]


def selection(kind, depth):
    """All that can be asked of a type without arguments of its own, so many levels down."""
    parts = ["__typename"]
    for name, shown in getattr(kind, "fields", {}).items():
        inner = shown.type
        if any(is_required_argument(argument) for argument in shown.args.values()):
            continue
        while hasattr(inner, "of_type"):
            inner = inner.of_type
        if hasattr(inner, "fields") or hasattr(inner, "types"):
            pages = "(first: 2)" if "first" in shown.args else ""
            if depth and name != "edges":
                parts.append(f"{name}{pages} {{ {selection(inner, depth - 1)} }}")
        else:
            parts.append(name)
    return " ".join(parts)


async def test_nothing_private_comes_out_anywhere(api, make, stage, program):
    other = await make.user("other")
    user, viewer, room = (selection(BUILT.type_map[name], 3) for name in ("User", "Viewer", "Broadcast"))
    mission = selection(BUILT.type_map["Mission"], 2)
    assert "statusHistory" in mission
    queries = [
        f"{{ missions(first: 2) {{ nodes {{ {mission} }} }} }}",
        f'{{ user(username: "owner") {{ {user} }} }}',
        f'{{ curators(query: "owner", first: 2) {{ nodes {{ {user} }} }} }}',
        f"{{ liveBroadcasts(first: 2) {{ nodes {{ {room} }} }} }}",
        f"{{ viewer {{ {viewer} }} }}",
        *(
            f"{{ {name}(first: 5) {{ nodes {{ {selection(BUILT.type_map[of], 2)} }} totalCount }} }}"
            for name, of in DESK.items()
        ),
        "{ trialBalance { accounts { balance { amount } } } }",
    ]
    secret = ["canary", stage.owner.token, *(stage.ids[kind] for kind in NODES - PUBLIC)]
    for asker in (api(), api(other), await program(other)):
        for query in queries:
            body = (await asker.post({"query": query})).text
            assert '"errors"' not in body, body
            assert [word for word in secret if word in body.lower()] == []
    for query in queries[5:]:
        nothing, something = [(await api(each).post({"query": query})).json() for each in (other, stage.operator)]
        (hidden,), (shown,) = nothing["data"].values(), something["data"].values()
        assert hidden in (None, {"nodes": [], "totalCount": 0})
        assert shown not in (None, {"nodes": [], "totalCount": 0})
    body = (await api(stage.owner).post({"query": queries[4]})).text
    assert "owner.canary@example.com" in body
    assert stage.ids["Session"] in body


async def test_subscriptions_of_strangers(api, stage):
    assert set(BUILT.subscription_type.fields) == set(SUBSCRIPTIONS)
    refused = {}
    for name, asked in SUBSCRIPTIONS.items():
        given = {"room": stage.room.wire, "mission": stage.missions["accept"]}
        variables = {key: value for key, value in given.items() if f"${key}" in asked}
        named = "".join(f"(${key}: ID!)" for key in variables)
        document = f"subscription {named} {{ {asked} }}"
        async with api().subscribe(document, **variables) as stream:
            try:
                message = await stream.message(within=0.5)
            except TimeoutError:
                message = {"type": "silent"}
        refused[name] = "UNAUTHENTICATED" in str(message)
    own = dict.fromkeys(("notificationReceived", "payoutUpdated", "missionUpdated"), True)
    assert refused == {"broadcastEvents": False, "broadcastLifecycle": False, **own}
    async with api().subscribe("subscription { broadcastLifecycle(followedOnly: true) { __typename } }") as stream:
        assert "UNAUTHENTICATED" in str(await stream.message())
