"""What several types share: refusals, and the answer that every deed gives."""

from __future__ import annotations

import strawberry

from domain.errors import DomainError, ErrorCode
from engine.shapes import FREE
from schema.words import describe

describe(
    ErrorCode,
    "Why something was refused. Branch on this; the message is for people and may change.",
    UNAUTHENTICATED="Nobody is signed in, or the proof of who it is does not hold.",
    FORBIDDEN="You may not do this.",
    NOT_FOUND="There is no such thing, or you may not see it.",
    INVALID_INPUT="The input cannot be what was meant; `field` names the part.",
    CONFLICT="The state of things does not allow it now.",
    RATE_LIMITED="Too often; `retryAfterSeconds` says when to come back.",
    EXPIRED="What was shown is too old, or was used already.",
    NOT_CONFIGURED="This installation has no credentials for what would be needed.",
    UNAVAILABLE="An outside system does not answer just now; try again later.",
    IDEMPOTENCY_MISMATCH="The same idempotency key came with another input before.",
)


@strawberry.type(description="Why a deed was refused. Nothing was changed.", directives=[FREE])
class UserError:
    """One refusal."""

    code: ErrorCode = strawberry.field(description="What kind of refusal it is.")
    message: str = strawberry.field(description="A sentence for the person.")
    field: list[str] | None = strawberry.field(
        default=None,
        description='The path of the input at fault, such as `["files", "3", "filename"]`; null when no single one was.',
    )
    retry_after_seconds: float | None = strawberry.field(
        default=None, description="Ask again after so many seconds; null when waiting does not help."
    )

    @staticmethod
    def of(error: DomainError) -> UserError:
        """Put a refusal into the words of the schema."""
        return UserError(
            code=error.code,
            message=error.message,
            field=list(error.field) or None,
            retry_after_seconds=error.retry_after_seconds,
        )
