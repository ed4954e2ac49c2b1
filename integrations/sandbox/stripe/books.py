"""What the twin of Stripe keeps: objects by their ids, each an account's own, in lists that are turned page by page."""

from __future__ import annotations

import fnmatch
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe.refusals import Json, Refused, missing
from integrations.sandbox.world import World

PLATFORM: Final = "acct_1SandboxPlatform"
ALPHABET: Final = string.ascii_letters + string.digits
DUE: Final = "stripe_due"
OWNER: Final = "_account"
"""Names that begin with `_` are the twin's own and are not shown."""

KINDS: Final = {
    "acct": "account",
    "ch": "charge",
    "cs": "checkout.session",
    "du": "dispute",
    "evt": "event",
    "pi": "payment_intent",
    "plink": "payment_link",
    "po": "payout",
    "price": "price",
    "prod": "product",
    "py": "charge",
    "pyr": "refund",
    "re": "refund",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "txn": "balance_transaction",
    "we": "webhook_endpoint",
}
"""What an id's beginning says of the object under it."""

NOUNS: Final = {"checkout.session": "checkout.session", "event": "event", "account": "account"}
CLAUSE: Final = re.compile(r"""\s*(?:metadata\[['"]([^'"]+)['"]\]|(\w+))\s*:\s*['"]([^'"]*)['"]\s*""")


def make_id(prefix: str, size: int = 24) -> str:
    """Make an id such as `tr_1Q...`."""
    return f"{prefix}_" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(size))


def store(kind: str) -> str:
    """The kind of documents that objects of a kind are in the world."""
    return f"stripe_{kind}"


@dataclass(frozen=True)
class Desk:
    """Where one request is worked on.

    Attributes:
        world: what is known.
        registration: what we have registered.
        site: the sandbox's own address, for pages.
        account: whose objects are meant: the platform's or a connected account's.
        request: the id of the request, if an API request began this.
        key: its idempotency key, if there is one.
    """

    world: World
    registration: Registration
    site: str
    account: str = PLATFORM
    request: str | None = None
    key: str | None = field(default=None, repr=False)

    def now(self) -> int:
        """Stripe's time in whole seconds."""
        return int(self.world.now())

    def at(self, account: str) -> Desk:
        """The same, for another account."""
        return Desk(self.world, self.registration, self.site, account, self.request, self.key)

    def save(self, value: Json) -> Json:
        """Keep an object; a new one becomes this account's."""
        value.setdefault(OWNER, self.account)
        self.world.put(store(value["object"]), value["id"], value)
        return value

    def look(self, name: str) -> Json | None:
        """Find an object of this account by its id; None when it is not there."""
        kind = KINDS.get(name.partition("_")[0])
        found = self.world.get(store(kind), name) if kind else None
        return found if found is not None and found[OWNER] == self.account else None

    def find(self, kind: str, name: str, param: str = "id", *, status: int = 404) -> Json:
        """Find an object of this account.

        Raises:
            Refused: It is not there.
        """
        found = self.world.get(store(kind), name)
        if found is None or found[OWNER] != self.account:
            raise missing(NOUNS.get(kind, kind), name, param, status=status)
        return found

    def all(self, kind: str) -> list[Json]:
        """All objects of a kind of this account, newest first."""
        found = [each for each in self.world.all(store(kind)).values() if each[OWNER] == self.account]
        return found[::-1]

    def later(self, seconds: float, deed: str, name: str) -> None:
        """Let something happen by itself; see work.py."""
        due = {"at": self.world.now() + seconds, "deed": deed, "id": name, "account": self.account, "site": self.site}
        self.world.put(DUE, f"{deed}:{name}", due)


def shown(value: Any) -> Any:
    """An object as it is shown: without the twin's own notes."""
    if isinstance(value, dict):
        # What people name themselves may begin as it likes.
        return {
            name: each if name == "metadata" else shown(each)
            for name, each in value.items()
            if not name.startswith("_")
        }
    if isinstance(value, list):
        return [shown(each) for each in value]
    return value


def listed(found: list[Json], url: str, params: Json, keep: Callable[[Json], bool] | None = None) -> Json:
    """Give a page of a list, newest first, by `limit`, `starting_after`, `ending_before` and `created`.

    Raises:
        Refused: The page cannot be.
    """
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refused("This value must be greater than or equal to 1 and at most 100.", param="limit", begun=False)
    chosen = [each for each in found if _created(each, params.get("created")) and (keep is None or keep(each))]
    before, after = params.get("ending_before"), params.get("starting_after")
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and all(each["id"] != cursor for each in found):
            raise missing("object", cursor, name, status=400)
    if after is not None:
        # The place counts among all of them: what it names need not be one of the chosen.
        rest = {each["id"] for each in found[_place(found, after) + 1 :]}
        chosen = [each for each in chosen if each["id"] in rest]
    if before is not None:
        earlier = {each["id"] for each in found[: _place(found, before)]}
        chosen = [each for each in chosen if each["id"] in earlier]
        data, more = chosen[-limit:], len(chosen) > limit
    else:
        data, more = chosen[:limit], len(chosen) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _place(found: list[Json], name: str) -> int:
    return next(place for place, each in enumerate(found) if each["id"] == name)


def _created(value: Json, asked: Any) -> bool:
    if asked is None:
        return True
    at = int(value["created"])
    if isinstance(asked, int):
        return at == asked
    return bool(
        asked.get("gt", at - 1) < at < asked.get("lt", at + 1) and asked.get("gte", at) <= at <= asked.get("lte", at)
    )


def equal(params: Json, *names: str) -> Callable[[Json], bool]:
    """Choose what has the values of these parameters, where they are given."""
    return lambda each: all(each.get(name) == params[name] for name in names if name in params)


def named(pattern: str) -> Callable[[str], bool]:
    """Choose names by a pattern with `*`."""
    return lambda name: fnmatch.fnmatchcase(name, pattern)


def searched(found: list[Json], url: str, params: Json) -> Json:
    """Answer a search: clauses of `metadata['k']:'v'` and `status:'v'`, joined by AND.

    Raises:
        Refused: The query is none.
    """
    tests: list[tuple[str | None, str | None, str]] = []
    for clause in re.split(r"\bAND\b", params["query"]):
        match = CLAUSE.fullmatch(clause)
        if match is None:
            raise Refused("We were unable to parse your search query.", param="query", begun=False)
        tests.append((match[1], match[2], match[3]))

    def fits(each: Json) -> bool:
        return all(
            (each["metadata"].get(label) if label else str(each.get(name or ""))) == text for label, name, text in tests
        )

    data = [each for each in found if fits(each)]
    limit = params.get("limit", 10)
    return {
        "object": "search_result",
        "data": data[:limit],
        "has_more": len(data) > limit,
        "next_page": None,
        "url": url,
    }


def merge(value: Json, metadata: Any) -> None:
    """Change the metadata of an object: an empty text removes one, an empty text for all removes all."""
    if metadata is None:
        return
    if metadata == "":
        value["metadata"] = {}
        return
    kept = {**value.get("metadata", {}), **metadata}
    value["metadata"] = {name: text for name, text in kept.items() if text != ""}
