"""Faults inside of Stripe, beyond what can happen on the way there: slow work, and an error 500 that its keys remember."""

from __future__ import annotations

import secrets
from typing import Any, Final

from integrations.sandbox.stripe.books import named
from integrations.sandbox.stripe.refusals import Json
from integrations.sandbox.world import World

KIND: Final = "stripe_breakdown"
LONGEST: Final = 60.0
ERROR: Final[Json] = {
    "error": {
        "message": "Sorry! There was an error while talking to one of our backends. Support has been notified.",
        "type": "api_error",
    }
}


def read(value: Any) -> Json:
    """Read a rule: `{path?, times?, seconds?, status?, after_effect?}`.

    Raises:
        ValueError: It is none.
    """
    rule: Json = {"path": "*", "times": 1, "seconds": 0.0, "status": None, "after_effect": False}
    if not isinstance(value, dict) or set(value) - set(rule):
        raise ValueError(f"A breakdown has {', '.join(rule)}.")
    rule |= value
    kinds: dict[str, tuple[type, ...]] = {
        "path": (str,),
        "times": (int,),
        "seconds": (int, float),
        "status": (int, type(None)),
        "after_effect": (bool,),
    }
    if wrong := [name for name, kind in kinds.items() if not isinstance(rule[name], kind)]:
        raise ValueError(f"{', '.join(wrong)} cannot be that.")
    if rule["times"] < 1 or not 0 <= rule["seconds"] <= LONGEST or rule["status"] not in {None, 500, 502, 503}:
        raise ValueError("times is 1 or more, seconds at most 60, status 500, 502, 503 or null.")
    return rule


def add(world: World, rule: Json) -> None:
    """Switch a rule on."""
    world.put(KIND, secrets.token_hex(4), rule)


def choose(world: World, method: str, path: str) -> Json | None:
    """The rule that a POST meets; it counts down."""
    if method != "POST":
        return None
    with world.transaction():
        for name, rule in world.all(KIND).items():
            if not named(rule["path"])(path):
                continue
            if rule["times"] == 1:
                world.delete(KIND, name)
            else:
                world.put(KIND, name, rule | {"times": rule["times"] - 1})
            return rule
    return None
