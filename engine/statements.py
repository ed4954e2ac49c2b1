"""One SQL statement of a plan: its text, written once, and where its parameters' values come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from sqlalchemy import ARRAY, BindParameter, Select, Uuid
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from engine.arguments import Parameters, Path, Values, key_reader, named, plain_reader
from engine.breath import breathe

KEYS = "keys"
"""The parameter that carries the keys of the parents, or of the one row that is read."""


class _PlanCompiler(PGCompiler_asyncpg):
    """Writes constants into the text, so that partial indexes match them; what varies stays a parameter."""

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **kwargs: Any) -> Any:
        kwargs["literal_binds"] = not bindparam.required
        text = super().visit_bindparam(bindparam, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not bindparam.required and isinstance(bindparam.type, ARRAY):
            return f"CAST({text} AS {bindparam.type.compile(DIALECT)})"  # An empty array says nothing of its type.
        return text

    def visit_column(self, *args: Any, **kwargs: Any) -> Any:
        breathe()
        return super().visit_column(*args, **kwargs)


class _PlanDialect(asyncpg_dialect):
    statement_compiler = _PlanCompiler
    supports_statement_cache = True


DIALECT = _PlanDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own.


class Run(Protocol):
    """What a statement's parameters are read from while a plan runs."""

    arguments: list[Values]
    parameters: Mapping[str, Any]

    def page_value(self, slot: int, name: str, index: int) -> Any:
        """A value of a page: its limit, or one of its cursors' values."""


Reader = Callable[[Run, Any], Any]


class Statement:
    """SQL text with the readers of its parameters.

    Attributes:
        text: What PostgreSQL is sent.
        readers: The parameters in order.
        names: What clients call each parameter, as a path; empty for what is not theirs.
    """

    def __init__(self, select: Select[Any], parameters: Parameters) -> None:
        compiled = select.compile(dialect=DIALECT)
        if compiled.post_compile_params:
            raise TypeError("A list that clients give is compared by within(column, values), not by in_()")
        self.text = str(compiled)
        self.readers: list[Reader] = []
        self.names: list[tuple[str, ...]] = []
        for name in compiled.positiontup or ():
            path = parameters.paths.get(name)
            self.readers.append(reader_of(name, path, compiled.binds[name]))
            self.names.append(named(path) if path is not None and name[0] == "a" else ())

    def values(self, run: Run, keys: Any) -> list[Any]:
        """The parameters' values in this run, for these parents or this one row."""
        return [read(run, keys) for read in self.readers]

    def blamed(self, message: str) -> tuple[str, ...]:
        """The argument that the driver complains about, if its message says which; else the only one, or none."""
        found = re.search(r"\$(\d+)", message)
        if found is not None and int(found[1]) <= len(self.names):
            return self.names[int(found[1]) - 1]
        candidates = {name for name in self.names if name}
        return candidates.pop() if len(candidates) == 1 else ()


def reader_of(name: str, path: Path | None, bind: BindParameter[Any]) -> Reader:
    """How a parameter is read: from the arguments, from the page asked for, the parents' keys, or the context."""
    if name == KEYS:
        return lambda _, keys: keys
    if path is None:
        return lambda run, _: run.parameters[name]
    if name[0] == "p":
        slot, page_name, index = cast("tuple[int, str, int]", path)
        return lambda run, _: run.page_value(slot, page_name, index)
    kind = bind.type.item_type if isinstance(bind.type, ARRAY) else bind.type
    read = key_reader(path) if isinstance(kind, Uuid) else plain_reader(path)
    return lambda run, _: read(run.arguments)
