"""Addresses that people are paid at by hand: how they are written, and what is shown of them."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import InvalidInput
from domain.payouts import PayoutMethodKind

CASHTAG: Final = re.compile(r"\$[A-Za-z][A-Za-z0-9_-]{0,19}")
EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+")
PHONE: Final = re.compile(r"\+1[2-9][0-9]{9}")


def clean_handle(kind: PayoutMethodKind, text: str, *path: str) -> str:
    """Read where somebody wants to be paid by hand.

    Raises:
        InvalidInput: It cannot be such an address.
    """
    if kind is PayoutMethodKind.CASH_APP:
        tag = "$" + text.strip().removeprefix("$")
        if not CASHTAG.fullmatch(tag):
            raise InvalidInput(
                "A $cashtag has up to 20 letters and digits after the $, and begins with a letter.", *path
            )
        return tag
    address = text.strip().lower()
    number = "+" + re.sub(r"[\s().-]", "", address).removeprefix("+")
    if PHONE.fullmatch(number):
        return number
    if len(address) <= 254 and EMAIL.fullmatch(address) and address.isprintable():
        return address
    raise InvalidInput("Zelle needs an e-mail address, or a number in the United States such as +12025550123.", *path)


def mask(kind: PayoutMethodKind, handle: str) -> str:
    """What is shown of an address that is kept sealed: enough to know one's own by."""
    if kind is PayoutMethodKind.CASH_APP:
        return f"{handle[:3]}••"
    if "@" in handle:
        name, _, host = handle.partition("@")
        return f"{name[:1]}••@{host}"
    return f"••{handle[-4:]}"
