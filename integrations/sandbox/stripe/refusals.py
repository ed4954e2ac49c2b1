"""Errors as Stripe answers them (https://docs.stripe.com/error-codes)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """An error: HTTP status and what is under `error` in the answer.

    What was written before it was raised stays, as at Stripe: a card that is declined leaves a failed charge behind.

    Attributes:
        status: of the answer.
        error: the fields under `error`.
        begun: whether the work had begun, so that the answer is kept under its idempotency key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        begun: bool = True,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.begun = begun
        self.error: Json = {"message": message, "type": kind}
        if code is not None:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param is not None:
            self.error["param"] = param
        self.error |= more


def missing(noun: str, name: str, param: str = "id", *, status: int = 404) -> Refused:
    """Make the error of a thing that is not there, or is another account's."""
    return Refused(f"No such {noun}: '{name}'", status=status, code="resource_missing", param=param)


def lacking(param: str) -> Refused:
    """Make the error of a parameter that must be there."""
    return Refused(f"Missing required param: {param}.", code="parameter_missing", param=param, begun=False)


def insufficient(what: str) -> Refused:
    """Make the error of money that is not there."""
    return Refused(f"You have insufficient funds in your Stripe account for this {what}.", code="balance_insufficient")


def unexpected(noun: str, state: str, deed: str) -> Refused:
    """Make the error of a thing whose state does not allow it."""
    code = {"PaymentIntent": "payment_intent_unexpected_state", "payout": "payout_not_allowed"}.get(noun)
    return Refused(f"You cannot {deed} this {noun} because it has a status of {state}.", code=code)
