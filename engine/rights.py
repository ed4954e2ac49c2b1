"""What clients may know and send, by who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C")


def everybody(_context: object) -> bool:
    """Whoever asks."""
    return True


def nobody(_context: object) -> bool:
    """Whoever asks, not."""
    return False


@dataclass(frozen=True)
class Rights(Generic[C]):
    """Questions about the context of an operation.

    Attributes:
        introspect: Whether they may ask about the schema.
        suggest: Whether they are told which name they could have meant.
        improvise: Whether they may send documents of their own where only trusted ones pass.
        upload: Whether they may send files with a request.
        public: Whether anybody would get the same answers.
    """

    introspect: Callable[[C], bool] = everybody
    suggest: Callable[[C], bool] = everybody
    improvise: Callable[[C], bool] = nobody
    upload: Callable[[C], bool] = everybody
    public: Callable[[C], bool] = nobody
