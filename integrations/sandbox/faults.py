"""What can go wrong on the way to a vendor: rules that tests and people switch on."""

from __future__ import annotations

import random
import re
import secrets
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from integrations.sandbox.world import World

KIND: Final = "fault"
LONGEST_DELAY: Final = 300.0
HUGE_BYTES: Final = 10 * 1024 * 1024


class Fault(StrEnum):
    """Kinds of faults."""

    DELAY = "delay"
    """The vendor waits `seconds` before it begins; other faults may follow."""

    DROP = "drop"
    """The connection is closed without an answer, and nothing was done."""

    DROP_AFTER_EFFECT = "drop_after_effect"
    """The vendor does what was asked and the connection is closed without an answer."""

    STATUS = "status"
    """The answer is `status` with `headers` and `body`, and nothing was done."""

    STATUS_AFTER_EFFECT = "status_after_effect"
    """The same, but the vendor has done what was asked."""

    HTML = "html"
    """The answer is a page of a proxy: HTML with `status` (200), and nothing was done."""

    EMPTY = "empty"
    """The answer is `status` (200) without a body, and nothing was done."""

    HALF_JSON = "half_json"
    """The vendor does what was asked; its answer breaks off in the middle, though its length says more."""

    HUGE = "huge"
    """The answer is JSON of more than 10 MB, and nothing was done."""


DEFAULT_STATUS: Final = {Fault.STATUS: 503, Fault.STATUS_AFTER_EFFECT: 503, Fault.HTML: 200, Fault.EMPTY: 200}
HEADER: Final = re.compile(r"[\w-]+:[\x20-\x7e]*", re.ASCII)
AFTER_EFFECT: Final = frozenset({Fault.DROP_AFTER_EFFECT, Fault.STATUS_AFTER_EFFECT, Fault.HALF_JSON})


KINDS: Final = [kind.value for kind in Fault]


class FaultyRule(ValueError):
    """A rule that says nothing that could be done; the message says why."""


@dataclass(frozen=True)
class Rule:
    """Which requests meet which fault.

    Attributes:
        id: a name of the rule's own.
        kind: what happens to them.
        host: the vendor's host; any when None.
        path: the beginning of the path, or a glob if it has a `*`; any when None.
        method: such as POST; any when None.
        times: how many more requests meet it; without end when None.
        probability: of meeting it, 0 to 1.
        seconds: for `delay`; with `status` also sent as Retry-After when it is set.
        status: of the answer.
        headers: further headers of the answer.
        body: of the answer.
    """

    id: str
    kind: Fault
    host: str | None = None
    path: str | None = None
    method: str | None = None
    times: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None

    def fits(self, host: str, method: str, path: str) -> bool:
        """Whether a request is one of those."""
        if (self.host and self.host != host) or (self.method and self.method != method):
            return False
        if not self.path:
            return True
        return fnmatchcase(path, self.path) if "*" in self.path else path.startswith(self.path)


def read(value: object) -> Rule:
    """Make a rule of what a test or the page sent.

    Raises:
        FaultyRule: It cannot be done.
    """
    if not isinstance(value, dict):
        raise FaultyRule("A fault is an object with a kind.")
    unknown = sorted(set(value) - set(Rule.__dataclass_fields__))
    if unknown:
        raise FaultyRule(f"A fault has no {', '.join(unknown)}.")
    if value.get("kind") not in KINDS:
        raise FaultyRule(f"kind must be one of {', '.join(KINDS)}.")
    for name, (kinds, words) in SHAPES.items():
        if name in value and (not isinstance(value[name], kinds) or isinstance(value[name], bool)):
            raise FaultyRule(f"{name} must be {words}.")
    rule = Rule(**{"id": secrets.token_hex(4), **value, "kind": Fault(value["kind"])})
    _check(rule)
    return rule


def _check(rule: Rule) -> None:
    if rule.times is not None and rule.times < 1:
        raise FaultyRule("times must be 1 or more, or null for no end.")
    if not 0 <= rule.probability <= 1:
        raise FaultyRule("probability must be from 0 to 1.")
    if not 0 <= rule.seconds <= LONGEST_DELAY:
        raise FaultyRule(f"seconds must be from 0 to {LONGEST_DELAY:.0f}.")
    if rule.status is not None and not 200 <= rule.status <= 599:
        raise FaultyRule("status must be from 200 to 599.")
    if not all(isinstance(text, str) and HEADER.fullmatch(f"{name}:{text}") for name, text in rule.headers.items()):
        raise FaultyRule("headers must be names with texts of one line.")


SHAPES: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "id": ((str,), "a text"),
    "host": ((str, type(None)), "a text or null"),
    "path": ((str, type(None)), "a text or null"),
    "method": ((str, type(None)), "a text or null"),
    "times": ((int, type(None)), "a whole number or null"),
    "probability": ((int, float), "a number"),
    "seconds": ((int, float), "a number"),
    "status": ((int, type(None)), "a whole number or null"),
    "headers": ((dict,), "an object"),
    "body": ((str, type(None)), "a text or null"),
}


def add(world: World, rule: Rule) -> None:
    """Switch a rule on."""
    world.put(KIND, rule.id, asdict(rule))


def remove(world: World, rule: str | None = None) -> int:
    """Switch one rule off, or all; returns how many were on."""
    return world.delete(KIND, rule)


def listed(world: World) -> list[dict[str, Any]]:
    """The rules that are on, in the order in which they came."""
    return list(world.all(KIND).values())


def choose(world: World, host: str, method: str, path: str) -> list[Rule]:
    """The rules that a request meets: any number of delays, then at most one other. They count down."""
    chosen: list[Rule] = []
    if not world.all(KIND):
        return chosen
    with world.transaction():
        for value in listed(world):
            rule = Rule(**{**value, "kind": Fault(value["kind"])})
            if not rule.fits(host, method, path) or random.random() >= rule.probability:  # noqa: S311 -- no secret
                continue
            _count_down(world, rule)
            chosen.append(rule)
            if rule.kind is not Fault.DELAY:
                break
    return chosen


def _count_down(world: World, rule: Rule) -> None:
    if rule.times is None:
        return
    if rule.times == 1:
        world.delete(KIND, rule.id)
    else:
        world.put(KIND, rule.id, asdict(rule) | {"times": rule.times - 1})
