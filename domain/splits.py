"""Dividing money between people: shares in parts per million, by largest remainder, so that nothing is lost or made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.errors import InvalidInput

WHOLE: Final = 1_000_000
"""The parts of a whole."""

MAX_RECIPIENTS: Final = 20

_SHARE: Final = re.compile(r"([01])(?:\.([0-9]+))?", re.ASCII)


@dataclass(frozen=True)
class Share:
    """What part of something is somebody's.

    Attributes:
        recipient_id: Who it is.
        parts: How many parts; of a million where shares make a whole, of whatever they add up to otherwise.
    """

    recipient_id: UUID
    parts: int


def parse_share(text: str, *field: str) -> int:
    """Read a share such as ``0.30`` as parts per million.

    Raises:
        InvalidInput: It is no number from 0 to 1, nothing at all, or finer than a millionth.
    """
    found = _SHARE.fullmatch(text)
    decimals = (found[2] or "") if found else ""
    if len(decimals) > 6:
        raise InvalidInput("A share has at most 6 decimals.", *field)
    parts = int(found[1] + decimals.ljust(6, "0")) if found else 0
    if not 0 < parts <= WHOLE:
        raise InvalidInput("Write a share as a part of 1, such as 0.30.", *field)
    return parts


def parse_shares(splits: Sequence[tuple[UUID, str]], *field: str) -> list[Share]:
    """Read who gets what part of something.

    Args:
        splits: Each recipient with their share as text.
        field: The list's path; the index and ``share`` or ``recipientId`` are added to it.

    Raises:
        InvalidInput: There is none or more than 20, somebody is there twice, a share cannot be, or they don't make 1.
    """
    if not 1 <= len(splits) <= MAX_RECIPIENTS:
        raise InvalidInput(f"Split between 1 and {MAX_RECIPIENTS} people.", *field)
    shares: list[Share] = []
    for index, (recipient_id, text) in enumerate(splits):
        if any(share.recipient_id == recipient_id for share in shares):
            raise InvalidInput("This person is there twice.", *field, str(index), "recipientId")
        shares.append(Share(recipient_id, parse_share(text, *field, str(index), "share")))
    total = sum(share.parts for share in shares)
    if total != WHOLE:
        raise InvalidInput(f"These shares add up to {total // WHOLE}.{total % WHOLE:06d}, not to 1.", *field)
    return shares


def allocate(total_minor: int, shares: Sequence[Share]) -> list[int]:
    """Divide an amount: everybody gets their exact part rounded down, and the largest remainders one unit more.

    The sum is exact, nobody is off by a whole unit, and nobody gets more than their parts where the amount is not more
    than all parts. Equal remainders go by the recipient's id, so that the order of the list means nothing.

    Args:
        total_minor: What is divided; not negative.
        shares: Each recipient once. Their parts are weights: they need not make a million.

    Returns:
        What each gets, in the order of the shares.
    """
    whole = sum(share.parts for share in shares)
    divided = [divmod(total_minor * share.parts, whole) for share in shares]
    left = total_minor - sum(amount for amount, _ in divided)
    # Fewer units are left than there are shares, since every remainder is below a unit.
    turns = sorted(range(len(shares)), key=lambda index: (-divided[index][1], shares[index].recipient_id))
    lucky = set(turns[:left])
    return [amount + (index in lucky) for index, (amount, _) in enumerate(divided)]
