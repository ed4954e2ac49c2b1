"""The whole schema: all nouns' reads, deeds and events in one."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from db.access.viewer import VIEWER
from engine.cost_sdl import declare_costs
from engine.declare import Node, by_id, reads, settle
from engine.executor import CompiledExecutor
from engine.files import SCALARS
from schema.accounts.connections import ConnectionMutations
from schema.accounts.devices import DeviceMutations
from schema.accounts.profile import ProfileMutations
from schema.accounts.programs import ApiTokenMutations
from schema.accounts.sessions import SessionMutations
from schema.accounts.sign_in import SignInMutations
from schema.accounts.viewer import AccountReads
from schema.broadcasts.mutations import BroadcastMutations
from schema.broadcasts.subscriptions import BroadcastSubscriptions
from schema.broadcasts.types import BroadcastReads
from schema.chat import ChatMutations
from schema.exports import ExportMutations
from schema.follows import FollowMutations, FollowReads
from schema.missions.mutations import MissionMutations
from schema.missions.proofs import ProofReads
from schema.missions.subscriptions import MissionSubscriptions
from schema.missions.types import MissionReads
from schema.missions.verification import VerificationMutations, VerificationReads
from schema.notifications import NotificationMutations, NotificationSubscriptions
from schema.operations.access import AccessMutations, AccessReads
from schema.operations.audit import AuditReads
from schema.operations.books import BookReads
from schema.operations.jobs import JobMutations, JobReads
from schema.operations.metrics import MetricReads
from schema.operations.reconciliation import ReconciliationMutations, ReconciliationReads
from schema.operations.webhooks import WebhookReads
from schema.payment_links import PaymentLinkMutations
from schema.payments import PaymentMutations, PaymentReads
from schema.payouts.mutations import PayoutMethodMutations, PayoutMutations
from schema.payouts.subscriptions import PayoutSubscriptions
from schema.payouts.types import PayoutReads
from schema.plays import PlayMutations
from schema.tips import TipMutations
from schema.uploads import UploadMutations


@reads
class NodeReads:
    """Reads about anything."""

    node: Node | None = by_id("Anything that has an id, by its id; null when it is hidden from you or does not exist.")


settle(VIEWER)

Query = merge_types(
    "Query",
    (
        NodeReads,
        AccountReads,
        FollowReads,
        BroadcastReads,
        PaymentReads,
        PayoutReads,
        MissionReads,
        VerificationReads,
        ProofReads,
        JobReads,
        AuditReads,
        BookReads,
        WebhookReads,
        AccessReads,
        ReconciliationReads,
        MetricReads,
    ),
)
Mutation = merge_types(
    "Mutation",
    (
        SignInMutations,
        SessionMutations,
        ConnectionMutations,
        ProfileMutations,
        UploadMutations,
        ApiTokenMutations,
        PlayMutations,
        DeviceMutations,
        FollowMutations,
        NotificationMutations,
        BroadcastMutations,
        ChatMutations,
        JobMutations,
        AccessMutations,
        ReconciliationMutations,
        TipMutations,
        PaymentLinkMutations,
        PaymentMutations,
        PayoutMethodMutations,
        PayoutMutations,
        MissionMutations,
        VerificationMutations,
        ExportMutations,
    ),
)
Subscription = merge_types(
    "Subscription", (BroadcastSubscriptions, NotificationSubscriptions, PayoutSubscriptions, MissionSubscriptions)
)

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    execution_context_class=CompiledExecutor,
    config=StrawberryConfig(scalar_map=SCALARS, enable_experimental_incremental_execution=True),
)
declare_costs(schema)
