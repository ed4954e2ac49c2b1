"""What clients learn of failures, and what the log does."""

from __future__ import annotations

import logging
import re

import pytest
from graphql import GraphQLError, parse

from engine.masking import Masking, record
from engine.requests import Asked
from tests.engine.doors.porch import Refusal

SECRET = "hunter2hunter2"


@pytest.fixture
def said(caplog):
    """The records of errors so far."""
    caplog.set_level(logging.INFO)
    return lambda: [found for found in caplog.records if found.levelno >= logging.ERROR]


async def test_faults_of_ours_are_an_id(post, said):
    shown = (await post("query Ask { hello fail }")).json()
    (error,) = shown["errors"]
    assert shown["data"] == {"hello": "Hello, mina", "fail": None}
    assert error["message"] == "Something went wrong on our side."
    assert error["path"] == ["fail"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert re.fullmatch("[0-9a-f]{12}", error["extensions"]["errorId"])
    (logged,) = said()
    assert error["extensions"]["errorId"] in logged.getMessage()
    assert "RuntimeError" in logged.getMessage()
    assert "porch.py" in logged.getMessage()


async def test_neither_answer_nor_log_has_what_clients_sent(post, said):
    response = await post("query ($s: String!) { fail(secret: $s) }", {"s": SECRET})
    (logged,) = said()
    for text in (response.text, logged.getMessage()):
        assert SECRET not in text
        assert "Bearer" not in text
    assert "[given]" in logged.getMessage()
    assert "10.0.0.1" not in response.text


async def test_literals_are_kept_out_of_the_log_too(post, said):
    for literal in (f'"{SECRET}"', f'"\\u0068{SECRET[1:]}"', f'"""{SECRET}"""'):
        await post(f"{{ fail(secret: {literal}) }}")
        assert SECRET not in said().pop().getMessage()


async def test_one_fault_met_often_is_logged_once(post, said):
    errors = (await post("{ fails { value } }")).json()["errors"]
    assert len(errors) == 5
    assert len({error["extensions"]["errorId"] for error in errors}) == 1
    assert len(said()) == 1


async def test_null_where_something_was_promised_is_a_fault_of_ours(post, said):
    shown = (await post("{ promised }")).json()
    assert shown["data"] is None
    assert shown["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "Cannot return null" in said()[0].getMessage()


async def test_refusals_are_shown_and_not_logged(post, said):
    shown = (await post("{ refuse badInput }")).json()
    assert shown["data"] == {"refuse": None, "badInput": None}
    refuse, bad_input = sorted(shown["errors"], key=lambda error: error["path"], reverse=True)
    assert refuse["message"] == "Wait a little."
    assert refuse["extensions"] == {"code": "RATE_LIMITED", "field": ["input", "text"], "retryAfterSeconds": 3}
    assert bad_input["extensions"] == {"code": "INVALID_INPUT", "field": ["first"]}
    assert said() == []


async def test_refused_documents_are_not_logged(post, said):
    for query in ("{", "{ nothing }", "query ($n: Int!) { hello }"):
        assert "errorId" not in (await post(query)).text
    assert said() == []


async def test_validation_keeps_its_words_and_places(post):
    (error,) = (await post("{ nothing }", name="stranger")).json()["errors"]
    assert error == {
        "message": "Cannot query field 'nothing' on type 'Query'.",
        "locations": [{"line": 1, "column": 3}],
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
    }


def test_a_graphql_error_from_our_own_code_is_masked(said):
    """Only the exposed types speak to clients; a message that was not written for them does not get out by its class."""
    raised = GraphQLError("user 7 of tenant 9", original_error=GraphQLError("user 7 of tenant 9"))
    (shown,) = Masking(()).failures([raised], Asked("{ hello }"))
    assert shown["extensions"]["code"] == "INTERNAL"
    assert len(said()) == 1


def test_graphql_s_own_complaints_are_shown_when_they_are_about_what_the_client_wrote(said):
    operation = parse("query ($n: Int) { hello(n: $n) }").definitions[0]
    (field,) = operation.selection_set.selections
    about_value = GraphQLError("Argument 'n' must not be null.", [field.arguments[0].value])
    about_field = GraphQLError("Runtime type 'Secret' is not a possible type.", [field])
    first, second = Masking(()).failures([about_value, about_field], Asked("{ hello }"))
    assert first["message"] == "Argument 'n' must not be null."
    assert second["extensions"]["code"] == "INTERNAL"
    assert len(said()) == 1


def test_the_chain_of_causes_is_blacked_out(said):
    with pytest.raises(Refusal) as raised:
        raise Refusal("X", f"{SECRET}!") from ValueError(SECRET)
    error_id = record(raised.value, Asked("{ hello }", {"input": {"list": [{"code": SECRET}]}}, "SignIn"), ["a", 0])
    message = said()[0].getMessage()
    assert error_id in message
    assert "SignIn" in message
    assert SECRET not in message
    assert "a.0" in message
