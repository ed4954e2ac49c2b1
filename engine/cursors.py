"""Cursors: opaque to clients, bound to one list in one order, and read back only as the types they were made of."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Integer, SmallInteger
from sqlalchemy.types import TypeEngine

from engine.errors import BadInput

BITS: dict[type[Integer], int] = {SmallInteger: 16, BigInteger: 64, Integer: 32}

URL_SAFE = bytes.maketrans(b"+/", b"-_")

REFUSAL = "This is not a cursor of this list in this order."


def tag_of(place: str) -> str:
    """A short mark of a list and its order, such as `User.followers NEWEST`."""
    return base64.urlsafe_b64encode(hashlib.blake2s(place.encode(), digest_size=6).digest()).decode()


def encode(tag: str, *values: Any) -> str:
    """Make the cursor of the item that has these values in the order's columns."""
    # One of these is made for each row of a page, so the library's way through three functions is gone at once.
    written = binascii.b2a_base64(orjson.dumps((tag, *values), default=str), newline=False)
    return written.translate(URL_SAFE, b"=").decode()


def decode(text: str, tag: str, readers: Sequence[Callable[[Any], Any]], argument: str) -> list[Any]:
    """Read a cursor.

    Args:
        text: What the client gave.
        tag: The mark of the list and order it must be of.
        readers: How each value is read.
        argument: The argument's name, for the refusal.

    Raises:
        BadInput: It is not a cursor of this list in this order.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        mark, *rest = values
        read = [read(value) for read, value in zip(readers, rest, strict=True)]
    except (ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise BadInput(REFUSAL, argument) from error
    if mark != tag:
        raise BadInput(REFUSAL, argument)
    return read


def reader(type_: TypeEngine[Any]) -> Callable[[Any], Any]:
    """How a cursor's value of a column's type is read.

    Raises:
        TypeError: No list can be ordered by such a column.
    """
    for kind, bits in BITS.items():
        if isinstance(type_, kind):
            return whole_number(bits)
    python_type = type_.python_type
    for kind, read in READERS.items():
        if issubclass(python_type, kind):
            return read
    raise TypeError(f"No cursor can be made of {type_!r}: give the order's expression a type")


def whole_number(bits: int) -> Callable[[Any], int]:
    """Reads integers of a width."""
    limit = 2 ** (bits - 1)

    def read(value: Any) -> int:
        if type(value) is not int or not -limit <= value < limit:
            raise ValueError(value)
        return value

    return read


def text(value: Any) -> str:
    """Reads text."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    return value


def moment(value: Any) -> datetime:
    """Reads a time, which must say its zone; PostgreSQL's infinities are the driver's largest and smallest, and have none."""
    read = datetime.fromisoformat(text(value))
    if read.tzinfo is None and read not in (datetime.max, datetime.min):  # noqa: DTZ901  # As the driver has them.
        raise ValueError(value)
    return read


def boolean(value: Any) -> bool:
    """Reads a boolean."""
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def real_number(value: Any) -> float:
    """Reads a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


READERS: dict[type, Callable[[Any], Any]] = {
    UUID: lambda value: UUID(text(value)),
    datetime: moment,
    date: lambda value: date.fromisoformat(text(value)),
    Decimal: lambda value: Decimal(text(value)),
    bool: boolean,
    float: real_number,
    str: text,
}
