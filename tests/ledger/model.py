"""What the ledger should do, as plain sums in dictionaries: written apart from it, without accounts, entries or SQL."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

PLATFORM = UUID(int=0)


class Refused(Exception):
    """The ledger has to refuse this."""


def divide(total, parts):
    """Exact parts rounded down, and one more for the largest remainders."""
    whole = sum(parts.values())
    exact = {who: Fraction(total * part, whole) for who, part in parts.items()}
    got = {who: int(value) for who, value in exact.items()}
    order = sorted(parts, key=lambda who: (got[who] - exact[who], who))
    for who in order[: total - sum(got.values())]:
        got[who] += 1
    return got


@dataclass
class Payment:
    """Money that people were paid; `left` is what each still has of it, the platform too."""

    currency: str
    left: Counter
    pending: Counter = field(default_factory=Counter)
    withheld: Counter = field(default_factory=Counter)
    debts: Counter = field(default_factory=Counter)
    payer: UUID | None = None
    held: bool = False
    reversed: bool = False

    def __post_init__(self):
        self.whole = dict(self.left)


@dataclass
class Refund:
    payment: Payment
    parts: dict
    debts: int = 0
    reversed: bool = False


@dataclass
class Dispute:
    payment: Payment
    withheld: Counter
    was_pending: Counter
    decided: bool = False


@dataclass
class Held:
    currency: str
    amount: int
    payer: UUID | None
    state: str = "HELD"


@dataclass
class Payout:
    currency: str
    person: UUID
    amount: int
    fee: int = 0
    state: str = "CLAIMED"


@dataclass
class Adjustment:
    currency: str
    person: UUID
    amount: int
    debts: int = 0
    reversed: bool = False


class Model:
    """Everybody's money: `has[place, person, currency]`, and how it came to that in `flows`."""

    def __init__(self):
        self.has = Counter()
        self.flows = Counter()

    def give(self, person, currency, amount, place="AVAILABLE"):
        """Debts first; gives how much of them was paid."""
        debts = min(amount, self.has["RECEIVABLE", person, currency])
        self.has["RECEIVABLE", person, currency] -= debts
        self.has[place, person, currency] += amount - debts
        return debts

    def take(self, person, currency, amount, place):
        """As much as is there; gives how much that is."""
        taken = min(amount, self.has[place, person, currency])
        self.has[place, person, currency] -= taken
        return taken

    def need(self, person, currency, amount, place="AVAILABLE"):
        if self.has[place, person, currency] < amount:
            raise Refused
        self.has[place, person, currency] -= amount

    def outside(self, currency, amount):
        self.has["CLEARING", PLATFORM, currency] += amount

    def pay(self, currency, amount, weights, points, pending, **rest):
        """Divide what somebody paid."""
        fee = amount * points // 10_000
        parts = divide(amount - fee, weights)
        payment = Payment(currency, Counter({**parts, PLATFORM: fee}), **rest)
        self.has["FEES", PLATFORM, currency] += fee
        for person, part in parts.items():
            self.flows["earned", person, currency] += part
            payment.debts[person] = self.give(person, currency, part, "PENDING" if pending else "AVAILABLE")
            payment.pending[person] = part - payment.debts[person] if pending else 0
        return payment

    def receive(self, currency, amount, weights, points, pending):
        self.outside(currency, -amount)
        return self.pay(currency, amount, weights, points, pending)

    def mature(self, payment):
        for person, amount in list(payment.pending.items()):
            self.has["PENDING", person, payment.currency] -= amount
            self.give(person, payment.currency, amount)
        payment.pending.clear()

    def hold(self, currency, amount, payer):
        if payer:
            self.need(payer, currency, amount)
        else:
            self.outside(currency, -amount)
        self.has["HOLD", payer or PLATFORM, currency] += amount
        return Held(currency, amount, payer)

    def move(self, held, to):
        """One state after the other."""
        after = {"HELD": {"DISPUTED", "RELEASED", "RETURNED"}, "DISPUTED": {"HELD", "RETURNED"}}
        if to not in after.get(held.state, ()):
            raise Refused
        held.state = to

    def release(self, held, weights, points, pending):
        self.move(held, "RELEASED")
        if held.payer in weights:
            held.state = "HELD"
            raise Refused
        self.has["HOLD", held.payer or PLATFORM, held.currency] -= held.amount
        self.flows["spent", held.payer, held.currency] += held.amount
        return self.pay(held.currency, held.amount, weights, points, pending, payer=held.payer, held=True)

    def give_back(self, held):
        self.move(held, "RETURNED")
        self.has["HOLD", held.payer or PLATFORM, held.currency] -= held.amount
        if held.payer:
            self.give(held.payer, held.currency, held.amount)
        else:
            self.outside(held.currency, held.amount)

    def take_back(self, payment, person, part, withheld):
        """Out of where somebody's part is; what they no longer have they owe."""
        if person == PLATFORM:
            self.has["FEES", PLATFORM, payment.currency] -= part
            return
        missing = part - self.take(person, payment.currency, part, "AVAILABLE")
        for place, own in (("WITHHELD", payment.withheld if withheld else {}), ("PENDING", payment.pending)):
            taken = min(missing, own.get(person, 0))
            if taken:
                self.has[place, person, payment.currency] -= taken
                own[person] -= taken
                missing -= taken
        self.has["RECEIVABLE", person, payment.currency] += missing

    def refund(self, payment, amount):
        amount = sum(payment.left.values()) if amount is None else amount
        if not 0 < amount <= sum(payment.left.values()):
            raise Refused
        parts = divide(amount, {who: left for who, left in payment.left.items() if left})
        for person, part in parts.items():
            self.take_back(payment, person, part, withheld=True)
            payment.left[person] -= part
            self.flows["refunded", person, payment.currency] += part
        given = Refund(payment, parts)
        if payment.payer:
            given.debts = self.give(payment.payer, payment.currency, amount)
            self.flows["spent", payment.payer, payment.currency] -= amount
        else:
            self.outside(payment.currency, amount)
        return given

    def dispute(self, payment, amount):
        left = {who: part for who, part in payment.left.items() if part}
        parts = divide(min(amount, sum(left.values())), left) if left else {}
        opened = Dispute(payment, Counter(), Counter())
        for person, part in parts.items():
            free = min(part, payment.left[person] - payment.withheld[person])
            if person == PLATFORM or free <= 0:
                continue
            before = payment.pending[person]
            self.take_back(payment, person, free, withheld=False)
            opened.was_pending[person] = before - payment.pending[person]
            opened.withheld[person] = free
            payment.withheld[person] += free
            self.has["WITHHELD", person, payment.currency] += free
        if not opened.withheld:
            raise Refused
        return opened

    def let_go(self, opened, person, amount):
        payment = opened.payment
        payment.withheld[person] -= amount
        self.has["WITHHELD", person, payment.currency] -= amount
        again = min(amount, opened.was_pending[person])
        payment.pending[person] += again - self.give(person, payment.currency, again, "PENDING")
        self.give(person, payment.currency, amount - again)

    def kept(self, opened, person):
        return min(opened.withheld[person], opened.payment.withheld[person])

    def win(self, opened):
        if opened.decided:
            raise Refused
        for person in sorted(opened.withheld):
            kept = self.kept(opened, person)
            opened.decided = opened.decided or kept > 0
            self.let_go(opened, person, kept)

    def lose(self, opened, amount):
        if opened.decided:
            raise Refused
        opened.decided = True
        payment = opened.payment
        left = {who: part for who, part in payment.left.items() if part}
        parts = divide(min(amount, sum(left.values())), left) if left else {}
        for person in sorted(set(parts) | set(opened.withheld)):
            part, kept = parts.get(person, 0), self.kept(opened, person)
            used = min(part, kept)
            payment.withheld[person] -= used
            self.has["WITHHELD", person, payment.currency] -= used
            self.take_back(payment, person, part - used, withheld=False)
            payment.left[person] -= part
            self.flows["refunded", person, payment.currency] += part
            self.let_go(opened, person, kept - used)
        self.has["FEES", PLATFORM, payment.currency] -= amount - sum(parts.values())
        self.outside(payment.currency, amount)

    def claim(self, currency, person, amount):
        self.need(person, currency, amount)
        self.has["IN_TRANSIT", person, currency] += amount
        return Payout(currency, person, amount)

    def end(self, payout, to, fee=0):
        if payout.state != ("SETTLED" if to == "BACK" else "CLAIMED"):
            raise Refused
        payout.state = to
        if to == "BACK":
            self.outside(payout.currency, payout.fee - payout.amount)
            self.has["FEES", PLATFORM, payout.currency] -= payout.fee
        else:
            self.has["IN_TRANSIT", payout.person, payout.currency] -= payout.amount
        if to == "SETTLED":
            payout.fee = fee
            self.outside(payout.currency, payout.amount - fee)
            self.has["FEES", PLATFORM, payout.currency] += fee
            self.flows["paid", payout.person, payout.currency] += payout.amount
            return
        if to == "BACK":
            self.flows["paid", payout.person, payout.currency] -= payout.amount
        self.give(payout.person, payout.currency, payout.amount)

    def adjust(self, currency, person, amount):
        if amount == 0:
            raise Refused
        made = Adjustment(currency, person, amount)
        if amount < 0:
            self.need(person, currency, -amount)
        else:
            made.debts = self.give(person, currency, amount)
        self.has["FEES", PLATFORM, currency] -= amount
        self.flows["adjusted", person, currency] += amount
        return made

    def reverse(self, done):
        if done.reversed:
            raise Refused
        {Payment: self._unpay, Refund: self._unrefund, Adjustment: self._unadjust}[type(done)](done)
        done.reversed = True

    def _unpay(self, payment):
        if payment.held or +payment.left != +Counter(payment.whole) or any(payment.withheld.values()):
            raise Refused
        for person, part in sorted(payment.left.items()):
            if person == PLATFORM:
                self.has["FEES", PLATFORM, payment.currency] -= part
                continue
            again = payment.debts[person]
            waiting = min(part - again, payment.pending[person])
            self.has["RECEIVABLE", person, payment.currency] += again
            self.has["PENDING", person, payment.currency] -= waiting
            payment.pending[person] -= waiting
            self.need(person, payment.currency, part - again - waiting)
            self.flows["earned", person, payment.currency] -= part
        self.outside(payment.currency, sum(payment.left.values()))
        payment.left.clear()

    def _unrefund(self, given):
        payment, amount = given.payment, sum(given.parts.values())
        if payment.payer:
            self.has["RECEIVABLE", payment.payer, payment.currency] += given.debts
            self.need(payment.payer, payment.currency, amount - given.debts)
            self.flows["spent", payment.payer, payment.currency] += amount
        else:
            self.outside(payment.currency, -amount)
        for person, part in given.parts.items():
            payment.left[person] += part
            self.flows["refunded", person, payment.currency] -= part
            if person == PLATFORM:
                self.has["FEES", PLATFORM, payment.currency] += part
            else:
                self.give(person, payment.currency, part)

    def _unadjust(self, made):
        self.has["FEES", PLATFORM, made.currency] += made.amount
        self.flows["adjusted", made.person, made.currency] -= made.amount
        if made.amount < 0:
            self.give(made.person, made.currency, -made.amount)
        else:
            self.has["RECEIVABLE", made.person, made.currency] += made.debts
            self.need(made.person, made.currency, made.amount - made.debts)
