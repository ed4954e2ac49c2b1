"""What Python finishes: errors stay where they happen, and null falls no further than it must."""

from tests.engine.clubs import wire


async def test_an_error_is_its_own_fields_alone(ask):
    result, _ = await ask("{ members(first: 100) { nodes { handle fickle photoUrl } } }")
    members = result.data["members"]["nodes"]
    assert [one["handle"] for one in members if one["fickle"] is None] == ["reader3"]
    index = [one["handle"] for one in members].index("reader3")
    (error,) = result.errors
    assert error.path == ["members", "nodes", index, "fickle"]
    assert error.message == "no 3 please"
    assert all(one["fickle"] == one["handle"] for one in members if one["handle"] != "reader3")


async def test_null_falls_to_the_nearest_place_that_may_be_null(ask):
    result, _ = await ask("{ clubs(first: 100) { nodes { title keeper { handle strict } } } }")
    failed = [club for club in result.data["clubs"]["nodes"] if club["keeper"] is None]
    paths = [error.path for error in result.errors]
    assert all(path[:3] == ["clubs", "nodes", path[2]] and path[3:] == ["keeper", "strict"] for path in paths)
    assert len(paths) == len([club for club in failed if club["title"]]) - hidden(result)
    assert len(paths) > 1, "every place that fails is told"


def hidden(result):
    failed = {error.path[2] for error in result.errors}
    return sum(
        club["keeper"] is None and index not in failed for index, club in enumerate(result.data["clubs"]["nodes"])
    )


async def test_null_that_may_be_nowhere_takes_the_root_field(ask):
    result, _ = await ask("{ hello members(first: 100) { nodes { strict } } }")
    assert result.data is None
    assert result.errors[0].path[0] == "members"
    result, _ = await ask("query($id: ID!) { hello member(id: $id) { handle strict } }", id=wire("member", 3))
    assert result.data == {"hello": "hello", "member": None}
    assert [error.path for error in result.errors] == [["member", "strict"]]


async def test_several_errors_under_one_null_are_one_null(ask):
    operation = "query($id: ID!) { member(id: $id) { a: strict b: strict fickle openClub { keeper { fickle } } } }"
    result, _ = await ask(operation, id=wire("member", 3))
    assert result.data == {"member": None}
    assert result.errors[0].path == ["member", "a"]


async def test_coroutines_objects_and_references_are_completed_where_they_lie(ask):
    operation = """
    { clubs(first: 3) { nodes { keeper { handle settings { dark words } twin { handle again: twin { fickle handle } } } } } }
    """
    result, _ = await ask(operation)
    for club in result.data["clubs"]["nodes"]:
        keeper = club["keeper"]
        if keeper is not None:
            assert keeper["twin"]["handle"] == keeper["twin"]["again"]["handle"] == keeper["handle"]
            assert set(keeper["settings"]) == {"dark", "words"}


async def test_int_and_enum_are_looked_at_where_the_column_is_not(ask, rows):
    operation = "query($id: ID!) { club(id: $id) { title visits } }"
    async with rows.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE clubs SET visits = 5000000000 WHERE id = '{wire('club', 3)[5:]}'")
    result, _ = await ask(operation, id=wire("club", 3))
    async with rows.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE clubs SET visits = 30 WHERE id = '{wire('club', 3)[5:]}'")
    assert result.data == {"club": None}
    (error,) = result.errors
    assert error.path == ["club", "visits"]
    assert error.message == "Int cannot represent value: 5000000000"
