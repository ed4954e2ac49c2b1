"""Deeds about payouts."""

from __future__ import annotations

import strawberry

from domain.ids import Prefix, from_wire, to_wire
from domain.money import parse_money
from engine.executor import ref
from resolvers.payouts import by_hand, methods, request, run
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.payouts.inputs import (
    AddPayoutMethodInput,
    ConfirmManualPayoutInput,
    RemovePayoutMethodInput,
    RequestPayoutInput,
    ReviewPayoutInput,
    RunPayoutsInput,
    SetDefaultPayoutMethodInput,
    SettleManualPayoutInput,
    VerifyPayoutMethodInput,
)
from schema.payouts.types import Payout, PayoutMethod, PayoutRun


@strawberry.type(description="The answer to `addPayoutMethod`.")
class AddPayoutMethodPayload(Payload):
    """The way to be paid."""

    payout_method: PayoutMethod | None = strawberry.field(default=None, description="The way to be paid.")
    onboarding_url: str | None = strawberry.field(
        default=None,
        description="STRIPE: its page, where you tell it the rest; it works once, for some minutes. Ask again for another. "
        "Null when nothing more is wanted.",
    )


@strawberry.type(description="The answer to `removePayoutMethod`.")
class RemovePayoutMethodPayload(Payload):
    """What is gone."""

    removed_payout_method_id: strawberry.ID | None = strawberry.field(default=None, description="What was removed.")


@strawberry.type(description="The answer to `setDefaultPayoutMethod`.")
class SetDefaultPayoutMethodPayload(Payload):
    """All ways to be paid."""

    payout_methods: list[PayoutMethod] | None = strawberry.field(
        default=None, description="All of yours, the oldest first."
    )


@strawberry.type(description="The answer to `verifyPayoutMethod`.")
class VerifyPayoutMethodPayload(Payload):
    """The way to be paid."""

    payout_method: PayoutMethod | None = strawberry.field(default=None, description="The way to be paid.")


@strawberry.type(description="The answer to `requestPayout`.")
class RequestPayoutPayload(Payload):
    """The payout."""

    payout: Payout | None = strawberry.field(default=None, description="The payout.")


@strawberry.type(description="The answer to `settleManualPayout`.")
class SettleManualPayoutPayload(Payload):
    """The payout."""

    payout: Payout | None = strawberry.field(default=None, description="The payout.")


@strawberry.type(description="The answer to `confirmManualPayout`.")
class ConfirmManualPayoutPayload(Payload):
    """The payout."""

    payout: Payout | None = strawberry.field(default=None, description="The payout.")


@strawberry.type(description="The answer to `reviewPayout`.")
class ReviewPayoutPayload(Payload):
    """The payout."""

    payout: Payout | None = strawberry.field(default=None, description="The payout.")


@strawberry.type(description="The answer to `runPayouts`.")
class RunPayoutsPayload(Payload):
    """The run."""

    run: PayoutRun | None = strawberry.field(
        default=None, description="The run, with its plan; its payouts are made after this answer."
    )


@strawberry.type
class PayoutMethodMutations:
    """Deeds about where one is paid."""

    @deed(
        "Say where you want to be paid; your first way becomes your default. STRIPE opens an account for you there, or goes "
        "on with the one that you have. Only a person can do this, not a program; the same holds for all that moves money.",
        cost=DEAR,
    )
    async def add_payout_method(self, info: Info, input: AddPayoutMethodInput) -> AddPayoutMethodPayload:
        """Add a way to be paid."""
        actor, context = info.context.signed_in, info.context
        road, url = context.services.roads[input.kind], None
        if road.sender is None:
            method_id = await methods.add_by_hand(context.database, context.services, actor, road, input.handle)
        else:
            method_id, url = await methods.add_account(
                context.database,
                context.services,
                actor,
                road.sender,
                country=input.country_code,
                return_to=input.return_to,
            )
        return AddPayoutMethodPayload(payout_method=ref(PayoutMethod, method_id), onboarding_url=url)

    @deed("Remove a way to be paid, and forget its address. No other becomes your default by itself.")
    async def remove_payout_method(self, info: Info, input: RemovePayoutMethodInput) -> RemovePayoutMethodPayload:
        """Remove a way to be paid."""
        actor = info.context.signed_in
        method_id = from_wire(Prefix.PAYOUT_METHOD, input.payout_method_id, "payoutMethodId")
        async with info.context.transaction() as tx:
            await methods.remove(tx, actor, method_id)
        wire = strawberry.ID(to_wire(Prefix.PAYOUT_METHOD, method_id))
        return RemovePayoutMethodPayload(removed_payout_method_id=wire)

    @deed("Choose where daily payouts go, and those that name no way. Twice changes nothing.")
    async def set_default_payout_method(
        self, info: Info, input: SetDefaultPayoutMethodInput
    ) -> SetDefaultPayoutMethodPayload:
        """Choose the default."""
        actor = info.context.signed_in
        method_id = from_wire(Prefix.PAYOUT_METHOD, input.payout_method_id, "payoutMethodId")
        async with info.context.transaction() as tx:
            theirs = await methods.choose(tx, actor, method_id)
        return SetDefaultPayoutMethodPayload(payout_methods=[ref(PayoutMethod, each) for each in theirs])

    @deed("For operators: say that an address paid by hand is the person's. Twice changes nothing.")
    async def verify_payout_method(self, info: Info, input: VerifyPayoutMethodInput) -> VerifyPayoutMethodPayload:
        """Verify a way to be paid."""
        actor = info.context.signed_in
        method_id = from_wire(Prefix.PAYOUT_METHOD, input.payout_method_id, "payoutMethodId")
        async with info.context.transaction() as tx:
            await methods.verify(tx, actor, method_id)
        return VerifyPayoutMethodPayload(payout_method=ref(PayoutMethod, method_id))


@strawberry.type
class PayoutMutations:
    """Deeds about payouts."""

    @deed(
        "Have money of yours paid out: at least 50.00 unless the installation says otherwise, at most what is available, 10 "
        "times a minute. The money leaves your balance at once and comes back if it is refused."
    )
    async def request_payout(self, info: Info, input: RequestPayoutInput) -> RequestPayoutPayload:
        """Ask for a payout."""
        actor, context, method_id = info.context.signed_in, info.context, None
        if input.payout_method_id is not None:
            method_id = from_wire(Prefix.PAYOUT_METHOD, input.payout_method_id, "payoutMethodId")
        payout_id = await request.request(
            context.database,
            context.services,
            actor,
            amount=parse_money(input.amount, input.currency_code),
            method_id=method_id,
            key=input.idempotency_key,
        )
        return RequestPayoutPayload(payout=ref(Payout, payout_id))

    @deed("For operators: say that you paid a payout by hand. Another operator has to confirm it.")
    async def settle_manual_payout(self, info: Info, input: SettleManualPayoutInput) -> SettleManualPayoutPayload:
        """Say that it was paid."""
        actor = info.context.signed_in
        payout_id = from_wire(Prefix.PAYOUT, input.payout_id, "payoutId")
        async with info.context.transaction() as tx:
            await by_hand.settle(tx, actor, payout_id, input.reference)
        return SettleManualPayoutPayload(payout=ref(Payout, payout_id))

    @deed("For operators: say that what another operator paid by hand is paid. Never your own money.")
    async def confirm_manual_payout(self, info: Info, input: ConfirmManualPayoutInput) -> ConfirmManualPayoutPayload:
        """Confirm it."""
        actor, services = info.context.signed_in, info.context.services
        payout_id = from_wire(Prefix.PAYOUT, input.payout_id, "payoutId")
        async with info.context.transaction() as tx:
            await by_hand.confirm(tx, services, actor, payout_id)
        return ConfirmManualPayoutPayload(payout=ref(Payout, payout_id))

    @deed("For operators: try again what failed, or cancel what was not sent. Never your own money.")
    async def review_payout(self, info: Info, input: ReviewPayoutInput) -> ReviewPayoutPayload:
        """Decide about a payout."""
        actor, services = info.context.signed_in, info.context.services
        payout_id = from_wire(Prefix.PAYOUT, input.payout_id, "payoutId")
        async with info.context.transaction() as tx:
            await by_hand.review(tx, services, actor, payout_id, input.decision)
        return ReviewPayoutPayload(payout=ref(Payout, payout_id))

    @deed(
        "For operators: pay everybody who has enough (100.00 unless the installation says otherwise) and a verified default. "
        "It happens daily at 10:00 by itself.",
        cost=DEAR,
    )
    async def run_payouts(self, info: Info, input: RunPayoutsInput) -> RunPayoutsPayload:
        """Start a run."""
        actor, services = info.context.signed_in, info.context.services
        async with info.context.transaction() as tx:
            run_id = await run.start(tx, services, actor, dry_run=input.dry_run, key=input.idempotency_key)
        return RunPayoutsPayload(run=ref(PayoutRun, run_id))
