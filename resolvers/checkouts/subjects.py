"""What becomes of a thing that waited for money, for each kind of thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from db.session import Tx
from db.tables import Checkout
from domain.checkouts import Booked, CheckoutState, CheckoutSubject
from resolvers.missions import fund as missions
from resolvers.tips import settle as tips


class Returned(Protocol):
    """See `Waiting`."""

    def __call__(self, tx: Tx, checkout: Checkout, *, whole: bool) -> Awaitable[None]:
        """Note it."""


@dataclass(frozen=True)
class Waiting:
    """What to do for one kind of thing, each inside of the transaction that changes its checkout.

    Attributes:
        paid: Book the money, by the source and its own id, and let the thing go on; says how.
        over: Let it end unpaid: the checkout is EXPIRED or FAILED.
        returned: All of the money went back, or (`whole` is false) it did not arrive there and is ours again.
    """

    paid: Callable[[Tx, Checkout, tuple[str, str]], Awaitable[Booked]]
    over: Callable[[Tx, Checkout, CheckoutState], Awaitable[None]]
    returned: Returned


SUBJECTS: Final[Mapping[CheckoutSubject, Waiting]] = {
    CheckoutSubject.TIP: Waiting(paid=tips.paid, over=tips.over, returned=tips.returned),
    CheckoutSubject.MISSION: Waiting(paid=missions.paid, over=missions.over, returned=missions.returned),
}
assert set(SUBJECTS) == set(CheckoutSubject)
