"""What a viewer may not see is not there, however it is reached."""

import pytest

from engine.errors import BadInput
from tests.engine.clubs import CLUBS, MEMBERS, key, member, wire


async def test_hidden_equals_missing_equals_nonsense(ask):
    hidden = wire("member", 5)
    missing = "member_00000000-0000-7000-8000-000000000000"
    for given in (
        hidden,
        missing,
        "member_",
        "member",
        "",
        "_",
        "planet_" + hidden[7:],
        hidden[7:],
        hidden.upper(),
        f"{hidden} ",
    ):
        for field in ("member", "node", "subject"):
            result, _ = await ask(f"query($id: ID!) {{ {field}(id: $id) {{ __typename }} }}", id=given)
            assert result.data == {field: None}, given
            assert not result.errors


async def test_a_hidden_row_hides_nothing_but_itself(ask):
    result, _ = await ask(
        "{ clubs(first: 100) { totalCount nodes { id keeper { handle } foundedBy { handle } } } }", member(2)
    )
    clubs = result.data["clubs"]
    assert len(clubs["nodes"]) == clubs["totalCount"]
    assert any(club["keeper"] is None for club in clubs["nodes"])
    assert all(club["foundedBy"] is not None for club in clubs["nodes"])


async def test_everybody_sees_their_own_secrets_alone(ask):
    secret = [number for number in range(CLUBS) if number % 5 == 2]
    for viewer in (None, member(1), member(2)):
        for number in secret:
            keeper = number if number < 8 else number % 4
            for field in ("club", "node", "subject"):
                result, _ = await ask(
                    f"query($id: ID!) {{ {field}(id: $id) {{ __typename }} }}", viewer, id=wire("club", number)
                )
                assert (result.data[field] is not None) == (viewer == member(keeper))


async def test_lists_leave_out_what_is_hidden_on_the_far_side(ask):
    result, _ = await ask(
        "query($id: ID!) { member(id: $id) { followers(first: 100) { totalCount nodes { handle } } } }",
        id=wire("member", 0),
    )
    followers = result.data["member"]["followers"]
    assert followers["totalCount"] == len(followers["nodes"])
    assert not {"reader5", "reader9"} & {one["handle"] for one in followers["nodes"]}


async def test_a_private_field_is_null_to_others(ask):
    operation = "{ members(first: 100) { nodes { handle email } } }"
    for viewer, roles, seen in ((None, (), 0), (member(1), (), 1), (member(1), ("CLERK",), MEMBERS - 2)):
        result, _ = await ask(operation, viewer, roles)
        assert sum(one["email"] is not None for one in result.data["members"]["nodes"]) == seen


async def test_a_stranger_has_no_row_of_their_own(ask):
    result, context = await ask("{ viewer { email } }")
    assert result.data == {"viewer": None}
    assert context.texts == []


async def test_what_is_not_known_to_be_true_is_false(ask):
    result, _ = await ask("{ members(first: 1) { nodes { isYou viewerIsFollowing } } }")
    assert result.data == {"members": {"nodes": [{"isYou": False, "viewerIsFollowing": False}]}}


async def test_one_subject_of_several_types_and_none_of_an_unknown_one(ask):
    result, _ = await ask(
        "{ notices(first: 100) { nodes { id subject { __typename ... on Node { id } } } } }", member(1)
    )
    by_id = {notice["id"]: notice["subject"] for notice in result.data["notices"]["nodes"]}
    kinds = {(subject or {}).get("__typename") for subject in by_id.values()}
    assert kinds == {"Club", "Member", "Note", None}
    assert by_id[wire("notice", 4)] is None, "its subject is a planet"
    assert by_id[wire("notice", 1)]["id"] == f"member_{key('member', 1)}", "its type is stored by its GraphQL name"


@pytest.mark.parametrize("viewer", [None, member(1)])
async def test_a_filter_by_a_hidden_row_finds_what_may_be_seen(ask, viewer):
    result, _ = await ask(
        f'{{ clubs(filter: {{keeper: "{wire("member", 5)}"}}) {{ nodes {{ keeper {{ id }} }} }} }}', viewer
    )
    assert result.data["clubs"]["nodes"] == [{"keeper": None}]
    assert not any(isinstance(error.original_error, BadInput) for error in result.errors or ())
