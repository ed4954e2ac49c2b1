"""What outside systems sent us."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from db import tables
from db.access import operations as access
from db.access.viewer import Viewer
from db.expressions import operations as expressions
from domain.ids import Prefix
from domain.webhooks import WebhookSource, WebhookStatus
from engine.declare import SQL, Connection, Node, Where, column, computed, entity, many, reads
from schema.words import describe

describe(WebhookSource, "Who sends us events.", STRIPE="Stripe.")
describe(
    WebhookStatus,
    "What became of an event that was sent.",
    PENDING="It waits for its work, or for the vendor to be asked.",
    PROCESSED="It was worked on.",
    IGNORED="It is of a kind that does not concern the platform.",
    UNKNOWN="It is about something that the platform knows nothing of.",
    FAILED="It could not be worked on the last time.",
)


@entity(tables.WebhookEvent, id=Prefix.WEBHOOK_EVENT, visible=access.webhook_event)
class WebhookEvent(Node):
    """Something that an outside system told us, kept once however often it was sent. Only operators see it."""

    source: WebhookSource = column("Who sent it.")
    event_type: str = column("What happened, in their words.")
    external_id: str = column("Its id there.")
    status: WebhookStatus = column("What became of it.")
    received_at: datetime = column("When it came first.")
    processed_at: datetime | None = column("When it was worked on; null as long as it is not.")
    attempts: int = column("How often that was tried.")
    last_error: str | None = column("What kind of fault there was the last time; null when there was none.")

    @computed
    def payload(event: type[tables.WebhookEvent], viewer: Viewer) -> SQL[str]:
        """What was sent, as it came, besides the secrets in it; empty when that was more than 90 days ago."""
        return expressions.shown_payload(event, viewer)


@strawberry.input(description="Which events to show; all conditions must hold.")
class WebhookEventFilter:
    """The filter of `webhookEvents`."""

    source: WebhookSource | None = strawberry.field(default=None, description="Only theirs.")
    status: WebhookStatus | None = strawberry.field(default=None, description="Only those that stand so.")
    event_type: str | None = strawberry.field(default=None, description="Only those of this kind, in their words.")
    external_id: str | None = strawberry.field(default=None, description="Only the one with this id there.")


def chosen(
    event: type[tables.WebhookEvent],
    viewer: Viewer,
    filter: Annotated[WebhookEventFilter | None, strawberry.argument(description="Which events.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.source is not None:
        yield event.source == filter.source
    if filter.status is not None:
        yield event.status == filter.status
    if filter.event_type is not None:
        yield event.event_type == filter.event_type
    if filter.external_id is not None:
        yield event.external_id == filter.external_id


@reads
class WebhookReads:
    """Reads of what was sent."""

    webhook_events: Connection[WebhookEvent] = many(
        "What outside systems sent us, the latest first. Only operators see any.",
        tables.WebhookEvent,
        order=tables.WebhookEvent.received_at.desc(),
        where=chosen,
    )
