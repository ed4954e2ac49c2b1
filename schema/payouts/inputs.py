"""Inputs of deeds about payouts."""

from __future__ import annotations

import strawberry

from schema.payouts.enums import PayoutDecision, PayoutMethodKind


@strawberry.input(description="Where to be paid.")
class AddPayoutMethodInput:
    """The input of `addPayoutMethod`."""

    kind: PayoutMethodKind = strawberry.field(description="By which road.")
    handle: str | None = strawberry.field(
        default=None,
        description="CASH_APP: your $cashtag. ZELLE: the e-mail address or number in the United States that you have there. "
        "It is kept sealed and never shown to you again.",
    )
    country_code: str | None = strawberry.field(
        default=None, description="STRIPE: the country in which you are paid, two letters; it cannot be changed later."
    )
    return_to: str | None = strawberry.field(
        default=None,
        description="STRIPE: where the browser is sent when you leave its page. Exactly one of the web addresses that this "
        "installation allows; a small page of ours unless given. Coming back proves nothing: look at `verified`.",
    )


@strawberry.input(description="Which way to be paid to remove.")
class RemovePayoutMethodInput:
    """The input of `removePayoutMethod`."""

    payout_method_id: strawberry.ID = strawberry.field(description="One of yours.")


@strawberry.input(description="Which way to be paid to use unless another is named.")
class SetDefaultPayoutMethodInput:
    """The input of `setDefaultPayoutMethod`."""

    payout_method_id: strawberry.ID = strawberry.field(description="One of yours.")


@strawberry.input(description="Which address is right.")
class VerifyPayoutMethodInput:
    """The input of `verifyPayoutMethod`."""

    payout_method_id: strawberry.ID = strawberry.field(description="Somebody else's, that is paid by hand.")


@strawberry.input(description="How much to pay out, and where to.")
class RequestPayoutInput:
    """The input of `requestPayout`."""

    amount: str = strawberry.field(description="What leaves your balance, such as `50.00`; the fee is part of it.")
    currency_code: str = strawberry.field(default="USD", description="In what; at most what is available in it.")
    payout_method_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it goes; your default unless given."
    )
    idempotency_key: str = strawberry.field(
        description="Made up by you: the same key gives the same payout, however often it is sent."
    )


@strawberry.input(description="Which payout you paid.")
class SettleManualPayoutInput:
    """The input of `settleManualPayout`."""

    payout_id: strawberry.ID = strawberry.field(description="Somebody else's, that waits to be paid by hand.")
    reference: str = strawberry.field(description="What the bank or app calls it; each counts for one payout.")


@strawberry.input(description="Which payout is paid.")
class ConfirmManualPayoutInput:
    """The input of `confirmManualPayout`."""

    payout_id: strawberry.ID = strawberry.field(description="One that another operator paid.")


@strawberry.input(description="What to do with a payout.")
class ReviewPayoutInput:
    """The input of `reviewPayout`."""

    payout_id: strawberry.ID = strawberry.field(description="Somebody else's.")
    decision: PayoutDecision = strawberry.field(description="What to do with it.")


@strawberry.input(description="Whether to pay or only to look.")
class RunPayoutsInput:
    """The input of `runPayouts`."""

    dry_run: bool = strawberry.field(default=True, description="Whether only to see who would be paid.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Made up by you: the same key gives the same run."
    )
