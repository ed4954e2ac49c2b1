"""What Stripe's API can, as far as the sandbox can it: method, path, parameters, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from integrations.sandbox.stripe import (
    accounts,
    balance,
    catalogue,
    checkouts,
    disputes,
    events,
    intents,
    payouts,
    refunds,
    transfers,
)
from integrations.sandbox.stripe.refusals import Json


@dataclass(frozen=True)
class Operation:
    """One of them.

    Attributes:
        method: of HTTP.
        path: with names of objects in braces.
        shape: the library's name for its parameters.
        act: does it; takes the desk, the parameters and the names in the path.
    """

    method: str
    path: str
    shape: str
    act: Callable[..., Json]


def _noun(path: str, shape: str, **acts: Callable[..., Json]) -> list[Operation]:
    """The usual four of a noun: create and list, retrieve and update."""
    places: dict[str, tuple[str, str]] = {
        "create": ("POST", path),
        "list": ("GET", path),
        "retrieve": ("GET", f"{path}/{{name}}"),
        "update": ("POST", f"{path}/{{name}}"),
        "delete": ("DELETE", f"{path}/{{name}}"),
    }
    return [Operation(*places[verb], f"{shape}{verb.title()}Params", act) for verb, act in acts.items()]


def _deeds(path: str, shape: str, **acts: Callable[..., Json]) -> list[Operation]:
    """What else can be done with one of a noun."""
    return [
        Operation("POST", f"{path}/{{name}}/{verb}", f"{shape}{verb.title()}Params", act) for verb, act in acts.items()
    ]


def _other(*rows: tuple[str, str, str, Callable[..., Any]]) -> list[Operation]:
    return [Operation(*row) for row in rows]


OPERATIONS: Final[list[Operation]] = [
    *_other(
        ("GET", "/v1/account", "AccountRetrieveCurrentParams", accounts.own),
        ("POST", "/v1/account_links", "AccountLinkCreateParams", accounts.create_link),
        ("POST", "/v1/accounts/{name}/login_links", "AccountLoginLinkCreateParams", accounts.create_login_link),
        ("GET", "/v1/balance", "BalanceRetrieveParams", balance.retrieve),
        ("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams", intents.search),
        ("GET", "/v1/payment_links/{name}/line_items", "PaymentLinkLineItemListParams", catalogue.list_link_items),
        ("GET", "/v1/checkout/sessions/{name}/line_items", "checkout.SessionLineItemListParams", checkouts.list_items),
        ("POST", "/v1/transfers/{name}/reversals", "TransferReversalCreateParams", transfers.reverse),
        ("GET", "/v1/transfers/{name}/reversals", "TransferReversalListParams", transfers.list_reversals),
        (
            "GET",
            "/v1/transfers/{transfer}/reversals/{name}",
            "TransferReversalRetrieveParams",
            transfers.retrieve_reversal,
        ),
    ),
    *_noun(
        "/v1/accounts",
        "Account",
        create=accounts.create,
        list=accounts.list_accounts,
        retrieve=accounts.retrieve,
        update=accounts.update,
    ),
    *_deeds("/v1/accounts", "Account", reject=accounts.reject),
    *_noun(
        "/v1/balance_transactions",
        "BalanceTransaction",
        list=balance.list_transactions,
        retrieve=balance.retrieve_transaction,
    ),
    *_noun("/v1/charges", "Charge", list=intents.list_charges, retrieve=intents.retrieve_charge),
    *_noun(
        "/v1/checkout/sessions",
        "checkout.Session",
        create=checkouts.create,
        list=checkouts.list_sessions,
        retrieve=checkouts.retrieve,
        update=checkouts.update,
    ),
    *_deeds("/v1/checkout/sessions", "checkout.Session", expire=checkouts.expire),
    *_noun("/v1/disputes", "Dispute", list=disputes.list_disputes, retrieve=disputes.retrieve, update=disputes.update),
    *_deeds("/v1/disputes", "Dispute", close=disputes.close),
    *_noun("/v1/events", "Event", list=events.list_events, retrieve=events.retrieve),
    *_noun(
        "/v1/payment_intents",
        "PaymentIntent",
        create=intents.create,
        list=intents.list_intents,
        retrieve=intents.retrieve,
        update=intents.update,
    ),
    *_deeds(
        "/v1/payment_intents", "PaymentIntent", cancel=intents.cancel, capture=intents.capture, confirm=intents.confirm
    ),
    *_noun(
        "/v1/payment_links",
        "PaymentLink",
        create=catalogue.create_link,
        list=catalogue.list_links,
        retrieve=catalogue.retrieve_link,
        update=catalogue.update_link,
    ),
    *_noun("/v1/payouts", "Payout", create=payouts.create, list=payouts.list_payouts, retrieve=payouts.retrieve),
    *_deeds("/v1/payouts", "Payout", cancel=payouts.cancel),
    *_noun(
        "/v1/prices",
        "Price",
        create=catalogue.create_price,
        list=catalogue.list_prices,
        retrieve=catalogue.retrieve_price,
        update=catalogue.update_price,
    ),
    *_noun(
        "/v1/products",
        "Product",
        create=catalogue.create_product,
        list=catalogue.list_products,
        retrieve=catalogue.retrieve_product,
        update=catalogue.update_product,
    ),
    *_noun(
        "/v1/refunds",
        "Refund",
        create=refunds.create,
        list=refunds.list_refunds,
        retrieve=refunds.retrieve,
        update=refunds.update,
    ),
    *_noun(
        "/v1/transfers",
        "Transfer",
        create=transfers.create,
        list=transfers.list_transfers,
        retrieve=transfers.retrieve,
        update=transfers.update,
    ),
    *_noun(
        "/v1/webhook_endpoints",
        "WebhookEndpoint",
        create=events.create_endpoint,
        list=events.list_endpoints,
        retrieve=events.retrieve_endpoint,
        update=events.update_endpoint,
        delete=events.delete_endpoint,
    ),
]
"""Those with a word in the place of a name come before those with a name."""
