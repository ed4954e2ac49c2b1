"""What a client did wrong, as the engine says it."""

from __future__ import annotations


class BadInput(Exception):
    """An argument that cannot be used as it stands.

    Attributes:
        code: The word that clients switch on.
        message: One sentence for people.
        field: Where the fault lies, as argument and input field names from the outside in.
    """

    code = "INVALID_INPUT"

    def __init__(self, message: str, *field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
