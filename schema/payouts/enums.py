"""Words about payouts."""

from __future__ import annotations

from domain.payouts import (
    LineOutcome,
    PayoutAction,
    PayoutDecision,
    PayoutMethodKind,
    PayoutRunStatus,
    PayoutStatus,
)
from schema.words import describe

describe(
    PayoutMethodKind,
    "By which road somebody is paid.",
    STRIPE="A connected account at Stripe, which sends on to a bank. Paid by itself.",
    CASH_APP="A $cashtag, paid by a person of the platform's and confirmed by another.",
    ZELLE="An address at Zelle, paid by a person of the platform's and confirmed by another.",
)
describe(
    PayoutStatus,
    "Where a payout stands.",
    REQUESTED="The money is set aside and will be sent.",
    SENDING="The vendor has been asked, and has not said yet what it did.",
    AWAITING_OPERATOR="A person of the platform's has to pay it.",
    AWAITING_CONFIRMATION="A person has paid it, and another has to say that it is so.",
    PAID="It was paid.",
    FAILED="It was refused; the money is in the balance again.",
    CANCELLED="It was not sent; the money is in the balance again.",
)
describe(
    PayoutAction,
    "What an operator may do with a payout next.",
    RETRY="Have it sent again (`reviewPayout`), or put it back into the queue where it was not paid after all.",
    CANCEL="Not send it (`reviewPayout`).",
    SETTLE="Pay it and say so (`settleManualPayout`).",
    CONFIRM="Say that what another paid is paid (`confirmManualPayout`).",
)
describe(
    PayoutDecision,
    "What to do with a payout that did not go its way.",
    RETRY="Send what failed again, or put back into the queue what was not paid after all.",
    CANCEL="Do not send what was not sent; the money returns to the balance.",
)
describe(
    PayoutRunStatus,
    "Where a run of payouts stands.",
    RUNNING="Its payouts are being made.",
    DONE="All that it planned was made or left out; a dry run is done at once.",
)
describe(
    LineOutcome,
    "What became of one person's line in a run.",
    name="PlannedPayoutOutcome",
    PLANNED="Nothing yet; in a dry run, nothing ever.",
    MADE="A payout.",
    SKIPPED="Nothing: the balance or the way to be paid changed meanwhile.",
)

__all__ = ["LineOutcome", "PayoutAction", "PayoutDecision", "PayoutMethodKind", "PayoutRunStatus", "PayoutStatus"]
