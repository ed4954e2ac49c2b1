"""Refusals: what the platform says when it will not do something, in words a client can act on."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why something was refused. Clients branch on these; the message is for people."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    EXPIRED = "EXPIRED"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    UNAVAILABLE = "UNAVAILABLE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"


class DomainError(Exception):
    """A refusal. Nothing was changed.

    Attributes:
        code: What kind of refusal it is.
        message: A sentence for the person who asked.
        field: The path of the input that was at fault, such as ``("files", "3", "filename")``; empty when no single one was.
        retry_after_seconds: When it makes sense to ask again, if waiting helps.
    """

    code = ErrorCode.INVALID_INPUT

    def __init__(self, message: str, *field: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_seconds = retry_after_seconds


class Unauthenticated(DomainError):
    """Nobody is signed in, or the proof of who it is does not hold."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(DomainError):
    """Somebody is signed in, and may not do this."""

    code = ErrorCode.FORBIDDEN


class NotFound(DomainError):
    """There is no such thing, or the person may not see it: the two look the same on purpose."""

    code = ErrorCode.NOT_FOUND


class InvalidInput(DomainError):
    """The input cannot be what was meant."""

    code = ErrorCode.INVALID_INPUT


class Conflict(DomainError):
    """The state of things does not allow this now."""

    code = ErrorCode.CONFLICT


class RateLimited(DomainError):
    """Too often; ``retry_after_seconds`` says when to come back."""

    code = ErrorCode.RATE_LIMITED


class Expired(DomainError):
    """What was shown is too old, or was used already."""

    code = ErrorCode.EXPIRED


class NotConfigured(DomainError):
    """This installation has no credentials for the outside system that would be needed."""

    code = ErrorCode.NOT_CONFIGURED


class Unavailable(DomainError):
    """An outside system does not answer just now."""

    code = ErrorCode.UNAVAILABLE


class IdempotencyMismatch(DomainError):
    """This key was used before, for something else."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH
