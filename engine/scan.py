"""What can be seen of a document without parsing it: one look over its tokens, ten times cheaper than a tree.

Everything refused here would be refused by the measuring of the tree as well, or by the parser; nothing is let through for
good. Where a text is no GraphQL at all, whichever limit it reaches first is told.
"""

from __future__ import annotations

import re
from typing import Final

from engine.limits import Limits, refusal

TOKENS: Final = re.compile(
    r'"""(?:[^"\\]++|\\"""|\\|"(?!""))*+(?:"""|\Z)'
    r'|"(?:[^"\\\r\n]++|\\.)*+"?'
    r"|#[^\r\n]*+"
    r"|[A-Za-z_0-9+.\-]++"
    r"|[^\s,\ufeff]"
)
"""Possessive, so that no text makes it go back: each letter is looked at once."""

NESTED: Final = 100
"""Brackets of any kind within each other; fields may lie 15 deep, with as many fragments between them."""

OPENING: Final = frozenset("{([")
CLOSING: Final = frozenset("})]")


def scan(text: str, limits: Limits, most: int) -> None:
    """Refuse what is plainly too much.

    Args:
        text: As somebody sent it, not longer than a document may be.
        limits: What is allowed.
        most: Tokens that it may have.

    Raises:
        GraphQLError: It asks for too much; ``extensions.code`` says of what.
    """
    words = [word for word in TOKENS.findall(text) if word[0] != "#"]
    if words.count("@") > limits.directives:
        raise refusal("TOO_MANY_DIRECTIVES", f"A document may have {limits.directives} directives.")
    _Look(limits).over(words)
    if len(words) > most:
        raise refusal("DOCUMENT_TOO_LARGE", f"A document may have {most} tokens.")


class _Look:
    """Counts what stands in which kind of brackets."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.definitions = 0
        self.fragments = 0
        self.aliases = 0
        self.variables = 0
        self.within = 0
        self.open: list[str] = []
        self.items: list[int] = []

    def over(self, words: list[str]) -> None:
        for word in words:
            if word in OPENING:
                self._enter(word)
            elif word in CLOSING:
                self._leave()
            elif word == ":":
                self._name()
            elif word == "$":
                self._count_variable()
            elif self.open:
                self._count_item()
            elif word == "fragment":
                self.fragments += 1
        limits = self.limits
        # Each fragment is used by some operation, or the document is not valid: so one of them renames as many.
        if self.aliases > limits.aliases * max(1, self.definitions - self.fragments):
            raise refusal("TOO_MANY_ALIASES", f"An operation may rename {limits.aliases} fields.")

    def _enter(self, word: str) -> None:
        limits = self.limits
        if not self.open and word == "{":
            self.definitions += 1
            self.variables = 0
            if self.definitions > limits.definitions:
                message = f"A document may have {limits.definitions} operations and fragments."
                raise refusal("TOO_MANY_DEFINITIONS", message)
        self._count_item()
        self.open.append(word)
        self.items.append(0)
        self.within += word == "("
        if len(self.open) > NESTED:
            raise refusal("TOO_DEEP", f"Fields may lie {limits.depth} deep within each other.")

    def _leave(self) -> None:
        if self.open:
            self.within -= self.open.pop() == "("
            self.items.pop()

    def _name(self) -> None:
        """What a colon stands behind: an argument, a field of an object, or the new name of a field."""
        if not self.within:
            self.aliases += 1
        elif self.open[-1] == "{":
            self.items[-1] += 1
            if self.items[-1] > self.limits.list_items:
                raise refusal("LIST_TOO_LONG", f"An object may have {self.limits.list_items} fields.")

    def _count_item(self) -> None:
        if self.open and self.open[-1] == "[":
            self.items[-1] += 1
            if self.items[-1] > self.limits.list_items:
                raise refusal("LIST_TOO_LONG", f"A list may have {self.limits.list_items} items.")

    def _count_variable(self) -> None:
        """Variables are declared in the parentheses before an operation's first brace; elsewhere they are used."""
        if self.open == ["("]:
            self.variables += 1
            if self.variables > self.limits.variables:
                message = f"An operation may have {self.limits.variables} variables."
                raise refusal("TOO_MANY_VARIABLES", message)
