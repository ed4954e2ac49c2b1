"""Amounts of money, as SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, Text, case, cast, func, literal_column

from db.tables import LedgerAccount
from domain.ledger import NOBODY
from domain.money import EXPONENTS, Currency

HOLDER_ID: ColumnElement[UUID] = func.coalesce(
    LedgerAccount.hold_id, LedgerAccount.owner_id, literal_column(f"'{NOBODY}'::uuid")
)
"""Whose an account is: the hold's, the person's, or nobody's. Written as in the index by which an account is found."""


def decimal_text(minor: ColumnElement[int] | Any, currency: ColumnElement[Currency] | Any) -> ColumnElement[str]:
    """Write minor units the way clients see an amount, such as ``12.50``: all decimals of the currency, exactly.

    PostgreSQL multiplies numerics without rounding, and the product has as many decimals as the factor.

    Args:
        minor: The amount, an expression over integers.
        currency: Its currency.
    """
    written = {
        exponent: cast(cast(minor, Numeric) * literal_column(f"{Decimal(1).scaleb(-exponent):f}"), Text)
        for exponent in sorted(set(EXPONENTS.values()))
    }
    of_exponent = {
        exponent: [each for each in EXPONENTS if EXPONENTS[each] == exponent and exponent != 2] for exponent in written
    }
    unusual = [(currency.in_(members), written[exponent]) for exponent, members in of_exponent.items() if members]
    return case(*unusual, else_=written[2])


def share_text(parts: ColumnElement[int] | Any) -> ColumnElement[str]:
    """Write parts per million the way clients see a share, such as ``0.3``: exactly, without zeros at the end."""
    return cast(func.trim_scale(cast(parts, Numeric) * literal_column("0.000001")), Text)
