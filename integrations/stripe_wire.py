"""The way to Stripe: its official client over our own line, and its refusals in our words."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import httpx
import orjson
import stripe

from domain.errors import DomainError, Expired, Forbidden, NotConfigured, NotFound, RateLimited
from domain.payments import SIGNED_WITHIN, PaymentRefused
from integrations.http import RETRY_AFTER, Line, Patience
from integrations.json_objects import JsonObject

log = logging.getLogger(__name__)

# The library's own log would hold whole answers, with what people paid and who they are.
logging.getLogger("stripe").setLevel(logging.WARNING)

VENDOR: Final = "Stripe"
PATIENCE: Final = Patience(connect=3.0, whole=20.0)
"""Stripe may take its time with money; a job has 90 seconds."""

SENT: Final = frozenset({"authorization", "idempotency-key", "stripe-account", "stripe-version"})
"""Headers of the library that go out. The others tell of this machine and of earlier requests."""

PAGE: Final = 100
MOST_PAGES: Final = 100
"""So many pages are looked through for a thing that has to be looked for: 10,000 things."""

Call = Callable[..., Awaitable[Any]]

CODE: Final = re.compile(r"[a-z0-9_]{1,80}")
WORDS: Final = {
    "amount_too_large": "This is more than Stripe lets move here.",
    "amount_too_small": "This is less than Stripe takes.",
    "balance_insufficient": "There is not enough money at Stripe for this.",
    "card_declined": "The card was declined.",
    "charge_already_refunded": "This was refunded already.",
    "charge_disputed": "This payment is disputed.",
    "country_unsupported": "Stripe does not work in this country.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is wrong.",
    "insufficient_capabilities_for_transfer": "This account cannot be paid yet: its owner has to finish at Stripe.",
    "payment_intent_unexpected_state": "This payment is in a state that does not allow it.",
    "account_invalid": "This account at Stripe is not connected with us any more.",
}
"""What people read; Stripe's own sentences are for developers, and may hold ids and parts of keys."""


class Wire(stripe.HTTPClient):
    """Carries the library's requests over a `Line`, which knows patience, bounds, 429 and 5xx."""

    name = "httpx"

    def __init__(self, line: Line) -> None:
        """Take the line."""
        super().__init__()
        self._line = line

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send a request once.

        Raises:
            RateLimited: Too often.
            Unavailable: There is no answer, or none of Stripe's.
        """
        sent = {name: text for name, text in headers.items() if name.lower() in SENT}
        form = (post_data or "") if method == "post" else None
        answer = await self._line.ask(method.upper(), url, form=form, headers=sent)
        self._check(answer)
        return answer.content, answer.status_code, answer.headers

    def _check(self, answer: httpx.Response) -> None:
        """Check that this is Stripe's word, and not that of a box on the way."""
        try:
            content = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            content = None
        error = content.get("error") if isinstance(content, dict) else None
        if not isinstance(content, dict) or (answer.is_client_error and not isinstance(error, dict)):
            log.warning("%s answered HTTP %d in a way that cannot be understood.", VENDOR, answer.status_code)
            raise self._line.silent()

    async def close_async(self) -> None:
        """Close the connections."""
        await self._line.aclose()


class Api:
    """Stripe's API with the platform's key."""

    def __init__(self, line: Line, secret_key: str | None, base_url: str) -> None:
        """Take the key; without one nothing is configured."""
        self._line = line
        self._client: stripe.StripeClient | None = None
        if secret_key:
            self._client = stripe.StripeClient(
                secret_key,
                base_addresses={"api": base_url.rstrip("/")},
                http_client=Wire(line),
                max_network_retries=0,
            )

    def require(self) -> stripe.StripeClient:
        """Check that there is a key.

        Raises:
            NotConfigured: There is none.
        """
        if self._client is None:
            raise NotConfigured("This installation takes no cards: set STRIPE_SECRET_KEY.")
        return self._client

    @property
    def v1(self) -> Any:
        """The library's services; its own types of parameters would ask for a cast in every call."""
        return self.require().v1

    async def do(self, call: Call, *args: Any, key: str | None = None) -> JsonObject:
        """Ask; what changes something goes with a key. Raises as `ask` does."""
        options = ({"idempotency_key": key},) if key is not None else ()
        return await ask(self._line, call(*args, *options))

    async def find(self, call: Call, name: str, *params: dict[str, Any]) -> JsonObject | None:
        """Ask for a thing that need not be there; raises as `ask` does, but for NotFound."""
        try:
            return await self.do(call, name, *params)
        except NotFound:
            return None

    async def each(
        self, call: Call, params: dict[str, Any], *, pages: int | None = MOST_PAGES
    ) -> AsyncIterator[JsonObject]:
        """Turn the pages of a list, newest first; all of them when `pages` is None. Raises as `ask` does."""
        asked = params | {"limit": PAGE}
        turned = 0
        while pages is None or turned < pages:
            page = await self.do(call, asked)
            found = page.parts("data")
            for each in found:
                yield each
            if not found or not page.flag("has_more"):
                return
            asked = asked | {"starting_after": found[-1].text("id")}
            turned += 1


async def ask(line: Line, call: Awaitable[stripe.StripeObject]) -> JsonObject:
    """Wait for an answer of the library.

    Raises:
        PaymentRefused: A definite no.
        NotFound: What was asked for by its id is not there.
        RateLimited: Too often.
        Unavailable: It is not known what was done, or our settings are refused.
    """
    try:
        content = (await call).to_dict(for_json=True)
    except stripe.StripeError as error:
        # Without its cause: the error carries the whole answer.
        raise _refusal(line, error) from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        # The library makes objects of what was sent before anybody has looked at it.
        log.warning("%s's answer cannot be understood (%s).", VENDOR, type(error).__name__)
        raise line.silent() from None
    return JsonObject(VENDOR, content)


def _refusal(line: Line, error: stripe.StripeError) -> DomainError:
    found = error.error
    code = found.code if found is not None and isinstance(found.code, str) else error.code
    code = code if isinstance(code, str) and CODE.fullmatch(code) else None
    status = error.http_status
    if isinstance(error, stripe.RateLimitError):
        return RateLimited("Stripe is asked too often; try again later.", retry_after_seconds=RETRY_AFTER)
    if code == "account_invalid":
        return PaymentRefused(WORDS["account_invalid"], reason="account_invalid")
    if isinstance(error, stripe.IdempotencyError):
        # Something else was done under this key, and that may have moved money: this is no refusal of a payment.
        log.error("Stripe has another request under this idempotency key. This should not be; look for the truth.")
    elif isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        log.error("Stripe refuses our key: HTTP %s, code %s. Look at its settings.", status, code)
    elif status == httpx.codes.NOT_FOUND:
        return NotFound("Stripe knows nothing of that id.")
    elif isinstance(error, stripe.InvalidRequestError | stripe.CardError):
        log.info("Stripe refuses: HTTP %s, code %s, parameter %s.", status, code, _param(error))
        return PaymentRefused(WORDS.get(code or "", "Stripe refuses this."), reason=code or "invalid_request")
    else:
        # A conflict means that the first request with this key is not done yet.
        log.warning("Stripe did not do what was asked: HTTP %s, code %s.", status, code)
    return line.silent()


def _param(error: stripe.StripeError) -> str | None:
    param = getattr(error, "param", None)
    return param if isinstance(param, str) and param.isascii() and param.isprintable() and len(param) < 100 else None


def check_signature(content: bytes, signature: str | None, secrets: tuple[str, ...]) -> None:
    """Check that Stripe signed these bytes lately, with one of several secrets.

    Raises:
        Forbidden: It did not.
        Expired: It did, too long ago.
    """
    # The library decodes and compares texts: what is none would end in an error of another kind.
    fits = signature is not None and signature.isascii() and any(_signed(content, signature, each) for each in secrets)
    if not fits:
        raise Forbidden("Stripe did not sign this.")
    if not any(_signed(content, signature, each, lately=True) for each in secrets):
        raise Expired("Stripe signed this too long ago.")


def _signed(content: bytes, signature: str | None, secret: str, *, lately: bool = False) -> bool:
    tolerance = int(SIGNED_WITHIN.total_seconds()) if lately else None
    try:
        return bool(stripe.WebhookSignature.verify_header(content, signature, secret, tolerance))
    except (stripe.SignatureVerificationError, ValueError):
        return False
