"""What a client learns of a failure: all of a refusal, and of a fault of ours only an id."""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson
from graphql import GraphQLError, GraphQLSyntaxError, ValueNode

from engine.budget import OverBudget
from engine.deadline import DeadlineExceeded
from engine.errors import BadInput
from engine.requests import Asked
from engine.sight import FACTS

log = logging.getLogger(__name__)

MASKED: Final = "Something went wrong on our side."
WRITTEN: Final = re.compile(r'"""(.*?)"""|"((?:[^"\\\n]|\\.)+)"', re.DOTALL)
SHORTEST_SECRET: Final = 4
"""Shorter texts are not blacked out of the log: they are no secrets, and would make it unreadable."""


class Masking:
    """Turns errors into what clients see, and logs each fault once."""

    def __init__(self, expose: Sequence[type[Exception]]) -> None:
        self.expose: tuple[type[Exception], ...] = (BadInput, DeadlineExceeded, OverBudget, *expose)

    def refusals(self, errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
        """Show why an operation was not run: its document, its variables or its name are at fault.

        Args:
            errors: What graphql-core or our limits found.

        Returns:
            The entries of ``errors``.
        """
        return [self._shown(error, _cause(error)) for error in errors]

    def failures(self, errors: Sequence[GraphQLError], asked: Asked) -> list[dict[str, Any]]:
        """Show what went wrong while an operation ran.

        Args:
            errors: As collected by the executor.
            asked: The operation; the texts in it are kept out of the log.

        Returns:
            The entries of ``errors``. Faults raised at one line share one id and one record in the log.
        """
        ids: dict[object, str] = {}
        entries = []
        for error in errors:
            cause = _cause(error)
            if isinstance(cause, self.expose) or _is_about_arguments(cause):
                entries.append(self._shown(error, cause))
                continue
            place = _place(cause)
            if place not in ids:
                ids[place] = record(cause, asked, error.path)
            entries.append({**error.formatted, **masked(ids[place])})
        return entries

    def shown(self, error: Exception) -> dict[str, Any]:
        """Show an error that belongs to no field.

        Args:
            error: One of the exposed types.

        Returns:
            The entry of ``errors``.
        """
        return {"message": getattr(error, "message", str(error)), "extensions": _facts(error)}

    def _shown(self, error: GraphQLError, cause: Exception) -> dict[str, Any]:
        entry: dict[str, Any] = {**error.formatted}
        if isinstance(cause, self.expose):
            return {**entry, **self.shown(cause)}
        syntax = isinstance(error, GraphQLSyntaxError)
        code = "GRAPHQL_PARSE_FAILED" if syntax else "GRAPHQL_VALIDATION_FAILED"
        return {**entry, "extensions": {"code": code, **(error.extensions or {})}}


def masked(error_id: str) -> dict[str, Any]:
    """Give the entry of ``errors`` for a fault of ours.

    Args:
        error_id: The id under which it was logged.

    Returns:
        Message and extensions.
    """
    facts = FACTS.get()
    request = {} if facts is None else {"requestId": facts.request}
    return {"message": MASKED, "extensions": {"code": "INTERNAL", "errorId": error_id, **request}}


def record(error: BaseException, asked: Asked | None = None, path: Sequence[str | int] | None = None) -> str:
    """Log a fault with its traceback and a new id.

    Args:
        error: What was raised.
        asked: The operation that met it. The texts in it and its variables are blacked out: databases and libraries quote
            them in their messages.
        path: The response path of the field.

    Returns:
        The id, 12 hexadecimal digits.
    """
    error_id = secrets.token_hex(6)
    text = "".join(traceback.format_exception(error))
    for secret in sorted(_texts(asked), key=len, reverse=True) if asked else ():
        text = text.replace(secret, "[given]")
    name = (asked and asked.operation_name) or "an operation"
    log.error("Error %s in %s at %s\n%s", error_id, name, ".".join(map(str, path or ())) or "its root", text)
    return error_id


def _cause(error: Exception) -> Exception:
    """The innermost error: what a resolver raised, or graphql-core's own."""
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def _is_about_arguments(error: Exception) -> bool:
    """Whether graphql-core complains about a value that the client wrote; it points at those, and at fields for our faults."""
    return (
        isinstance(error, GraphQLError)
        and bool(error.nodes)
        and all(isinstance(n, ValueNode) for n in error.nodes or ())
    )


def _facts(error: Exception) -> dict[str, Any]:
    facts: dict[str, Any] = {"code": str(getattr(error, "code", "INTERNAL"))}
    if field := getattr(error, "field", ()):
        facts["field"] = list(field)
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        facts["retryAfterSeconds"] = seconds
    return facts


def _place(error: Exception) -> object:
    frames = traceback.extract_tb(error.__traceback__)
    return (type(error), frames[-1].filename, frames[-1].lineno) if frames else (type(error), str(error))


def _texts(asked: Asked) -> Iterator[str]:
    """The texts that a client wrote, in variables and in the document itself, as written and as meant."""
    stack: list[object] = [asked.variables]
    for block, line in WRITTEN.findall(asked.query):
        stack += [block, line]
        with suppress(orjson.JSONDecodeError):
            stack.append(orjson.loads(f'"{line}"'))
    while stack:
        found = stack.pop()
        if isinstance(found, str) and len(found) >= SHORTEST_SECRET:
            yield found
        elif isinstance(found, dict):
            stack.extend(found.values())
        elif isinstance(found, list):
            stack.extend(found)
