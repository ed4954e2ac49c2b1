"""What happens at Stripe by itself: webhooks go out, sessions expire, payouts arrive, holds end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe import checkouts, disputes, intents, payouts
from integrations.sandbox.stripe.books import DUE, Desk
from integrations.sandbox.stripe.refusals import Refused
from integrations.sandbox.stripe.webhooks import Courier
from integrations.sandbox.world import World

log = logging.getLogger(__name__)

PAUSE: Final = 0.05
LOOKS_PER_SWEEP: Final = 10


async def work(world: World, registration: Registration) -> None:
    """Do what is due, until cancelled."""
    courier = Courier(world)
    try:
        looks = 0
        while True:
            try:
                if looks % LOOKS_PER_SWEEP == 0:
                    do_due(world, registration)
                courier.send_due()
            except Exception:
                # Whatever is wrong with one of them, the others go on.
                log.exception("The sandbox's Stripe could not do what is due.")
            looks += 1
            await asyncio.sleep(PAUSE)
    finally:
        await courier.aclose()


def do_due(world: World, registration: Registration) -> int:
    """Do whatever's time has come; returns how many there were."""
    count = 0
    for name, due in world.all(DUE).items():
        if due["at"] > world.now():
            continue
        with world.transaction():
            world.delete(DUE, name)
            try:
                DEEDS[due["deed"]](Desk(world, registration, due["site"], due["account"]), due["id"])
            except Refused:
                # It has become impossible meanwhile: paid, canceled, gone.
                continue
            count += 1
    return count


def _expire_session(desk: Desk, name: str) -> None:
    checkouts.look(desk, name)


def _pay_out(desk: Desk, name: str) -> None:
    payouts.arrive(desk, desk.find("payout", name))


def _release_hold(desk: Desk, name: str) -> None:
    intent = desk.find("payment_intent", name)
    if intent["status"] == "requires_capture":
        intents.give_up(desk, intent, "automatic")


def _dispute(desk: Desk, name: str) -> None:
    disputes.open_dispute(desk, desk.find("charge", name), "fraudulent")


DEEDS: Final[dict[str, Callable[[Desk, str], None]]] = {
    "dispute": _dispute,
    "expire_session": _expire_session,
    "pay_out": _pay_out,
    "release_hold": _release_hold,
}
