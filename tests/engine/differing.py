"""One operation, answered by the compiled engine and by the naive one, and what differs."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import parse, validate
from sqlalchemy.exc import DBAPIError

from engine.errors import BadInput


def canonical(data: Any) -> Any:
    return orjson.loads(orjson.dumps(data))


def places(errors, data) -> set[tuple[Any, ...]]:
    """Where the answer is null because of errors; which errors are told under one null is nobody's promise."""
    return {null_on(tuple(error.path or ()), data) for error in errors or ()}


def null_on(path: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    for number, step in enumerate(path):
        if data is None:
            return path[:number]
        data = data[step]
    return path


def is_refusal(errors) -> bool:
    """Whether something was given that cannot be used; the naive engine hears of it from the driver."""
    return any(isinstance(getattr(error, "original_error", None), BadInput | DBAPIError) for error in errors or ())


async def differences(schema, naive, operation, make_context) -> list[str]:
    """What the two engines do not agree about: the answer, the places of errors, the number of statements.

    The document is sent with each set of its variables, as a server would keep it that parses a text once.
    """
    document = parse(operation.text)
    faults = validate(schema._schema, document)
    if faults:
        return [] if all("conflict" in fault.message for fault in faults) else [f"invalid: {faults}"]
    return [
        f"{difference}\nvariables {variables}"
        for variables in operation.sets()
        for difference in await compared(schema, naive, (operation.text, document), variables, make_context)
    ]


async def compared(schema, naive, operation, variables, make_context) -> list[str]:
    text, document = operation
    context = make_context()
    compiled = await schema.execute(text, variable_values=variables, context_value=context)
    expected, statements = await naive.run(document, variables, make_context())
    if is_refusal(compiled.errors) or is_refusal(expected.errors):
        # A refusal stops a whole root field before anything is read; the naive engine reads until it meets it, and
        # not at all where it has no parents. What nothing is read with is not looked at by the compiled one.
        return []
    found = []
    if canonical(compiled.data) != canonical(expected.data):
        found.append(f"answer: {canonical(compiled.data)}\nexpected: {canonical(expected.data)}")
    if places(compiled.errors, compiled.data) != places(expected.errors, expected.data):
        found.append(f"errors: {compiled.errors}\nexpected: {expected.errors}")
    # Where a field fails, the naive engine leaves out what would have become null with it.
    if len(context.texts) != statements and not compiled.errors:
        found.append(f"{len(context.texts)} statements, expected {statements}")
    return found
