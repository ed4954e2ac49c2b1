"""Connected accounts (Express): who may be paid, and what Stripe still wants to know of them."""

from __future__ import annotations

import secrets
from typing import Any, Final

from integrations.sandbox.stripe import events
from integrations.sandbox.stripe.books import PLATFORM, Desk, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, lacking
from integrations.sandbox.stripe.shapes import empty_list, make
from integrations.sandbox.stripe.shapes_connect import ACCOUNT, NOTHING_DUE

KIND: Final = "account"
SETUP: Final = "stripe_setup"
LINK_SECONDS: Final = 300
DUE: Final = (
    "business_profile.url",
    "business_type",
    "external_account",
    "individual.dob.day",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
)
"""What a new account has not told yet."""

CURRENCIES: Final = {
    "GB": "gbp",
    "GH": "ghs",
    "JP": "jpy",
    "KE": "kes",
    "NG": "ngn",
    "US": "usd",
    "ZA": "zar",
    **dict.fromkeys(("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "NL", "PT"), "eur"),
}


def create(desk: Desk, params: Json) -> Json:
    """Open an account that knows nothing of its owner yet."""
    if params.get("type", "express") != "express":
        raise Refused("The sandbox has Express accounts only.", param="type", begun=False)
    country = params.get("country", "US")
    if country not in CURRENCIES:
        raise Refused(f"{country} is not currently supported by Stripe.", code="country_unsupported", param="country")
    name = make_id("acct", 16)
    asked = params.get("capabilities") or {}
    account = make(
        ACCOUNT,
        id=name,
        business_type=params.get("business_type"),
        capabilities={each: "inactive" for each, value in asked.items() if (value or {}).get("requested")},
        country=country,
        created=desk.now(),
        default_currency=params.get("default_currency", CURRENCIES[country]),
        email=params.get("email"),
        external_accounts=empty_list(f"/v1/accounts/{name}/external_accounts"),
        requirements=NOTHING_DUE
        | {"currently_due": list(DUE), "eventually_due": list(DUE), "disabled_reason": "requirements.past_due"},
    )
    _describe(account, params)
    return desk.save(account)


def _describe(account: Json, params: Json) -> None:
    merge(account, params.get("metadata"))
    for name in ("business_profile",):
        account[name] |= params.get(name) or {}
    account["email"] = params.get("email", account["email"])


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    if name == desk.account != PLATFORM:
        return desk.at(PLATFORM).find(KIND, name)
    try:
        return desk.find(KIND, name, "account")
    except Refused as refusal:
        # Stripe does not say whether there is such an account.
        raise Refused(
            f"The provided key does not have access to account '{name}' (or that account does not exist).",
            status=403,
            code="account_invalid",
        ) from refusal


def update(desk: Desk, params: Json, name: str) -> Json:
    """Change one."""
    account = retrieve(desk, {}, name)
    _describe(account, params)
    for each, value in (params.get("capabilities") or {}).items():
        active = "active" if account["details_submitted"] else "inactive"
        if (value or {}).get("requested"):
            account["capabilities"].setdefault(each, active)
        else:
            account["capabilities"].pop(each, None)
    desk.save(account)
    events.emit(desk, "account.updated", account)
    return account


def list_accounts(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/accounts", params)


def complete(desk: Desk, account: Json) -> Json:
    """Let the owner have told everything: the account may be paid and pays out."""
    before = _standing(account)
    bank = {
        "id": make_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "bank_name": "SANDBOX BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "last4": "6789",
        "status": "new",
    }
    account |= {
        "business_type": account["business_type"] or "individual",
        "capabilities": dict.fromkeys(account["capabilities"], "active"),
        "charges_enabled": True,
        "details_submitted": True,
        "external_accounts": account["external_accounts"] | {"data": [bank]},
        "payouts_enabled": True,
        "requirements": dict(NOTHING_DUE),
    }
    return _changed(desk, account, before)


def restrict(desk: Desk, account: Json, reason: str = "requirements.past_due") -> Json:
    """Let Stripe want to know more: no money goes there or from there meanwhile."""
    before = _standing(account)
    wanted = ["individual.verification.document"]
    account |= {
        "capabilities": dict.fromkeys(account["capabilities"], "inactive"),
        "charges_enabled": False,
        "payouts_enabled": False,
        "requirements": NOTHING_DUE
        | {"currently_due": wanted, "eventually_due": wanted, "past_due": wanted, "disabled_reason": reason},
    }
    return _changed(desk, account, before)


def lose_bank(desk: Desk, account: Json) -> Json:
    """Send nothing more to a bank that took nothing, until the owner names another."""
    before = _standing(account)
    wanted = ["external_account"]
    account |= {
        "payouts_enabled": False,
        "requirements": NOTHING_DUE | {"currently_due": wanted, "eventually_due": wanted, "past_due": wanted},
    }
    return _changed(desk, account, before)


def reject(desk: Desk, params: Json, name: str) -> Json:
    """Want no more to do with an account."""
    return restrict(desk, desk.find(KIND, name), f"rejected.{params['reason']}")


def _standing(account: Json) -> Json:
    names = ("capabilities", "charges_enabled", "details_submitted", "payouts_enabled", "requirements")
    return {name: account[name] for name in names}


def _changed(desk: Desk, account: Json, before: Json) -> Json:
    home = desk.at(PLATFORM)
    home.save(account)
    events.emit(home, "account.updated", account, {name: old for name, old in before.items() if old != account[name]})
    for name, state in account["capabilities"].items():
        capability: Json = {
            "id": name,
            "object": "capability",
            "account": account["id"],
            "future_requirements": NOTHING_DUE,
            "requested": True,
            "requested_at": account["created"],
            "requirements": account["requirements"],
            "status": state,
        }
        if before["capabilities"].get(name) != state:
            events.emit(home.at(account["id"]), "capability.updated", capability)
    return account


# Links


def create_link(desk: Desk, params: Json) -> Json:
    """Make an address of the page where the owner tells everything; it works once, for five minutes."""
    account = desk.find(KIND, params["account"], "account", status=400)
    for name in ("refresh_url", "return_url"):
        if name not in params:
            raise lacking(name)
    token = secrets.token_urlsafe(16)
    expires_at = desk.now() + LINK_SECONDS
    setup: dict[str, Any] = {"account": account["id"], "expires_at": expires_at, "seen": False}
    desk.world.put(SETUP, token, setup | {name: params[name] for name in ("refresh_url", "return_url")})
    url = f"{desk.site}/connect.stripe.com/setup/e/{account['id']}/{token}"
    return {"object": "account_link", "created": desk.now(), "expires_at": expires_at, "url": url}


def create_login_link(desk: Desk, params: Json, name: str) -> Json:
    """Make an address of the owner's dashboard."""
    account = desk.find(KIND, name, "account")
    if not account["details_submitted"]:
        raise Refused("Cannot create a login link for an account that has not completed onboarding.", param="account")
    url = f"{desk.site}/connect.stripe.com/express/{name}/{secrets.token_urlsafe(12)}"
    return {"object": "login_link", "created": desk.now(), "url": url}


def own(desk: Desk, params: Json) -> Json:
    """Show the account that asks."""
    if desk.account != PLATFORM:
        return desk.at(PLATFORM).find(KIND, desk.account)
    standing = {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True, "type": "standard"}
    account = make(ACCOUNT, id=PLATFORM, created=desk.now(), external_accounts=empty_list("/v1/account"))
    return account | standing
