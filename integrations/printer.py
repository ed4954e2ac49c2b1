"""The printer, which is fetched when something is to be printed: most processes never print."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from domain.exports import Column, Heading, Sheet


class FpdfPrinter:
    """The port `Printer`, by fpdf2."""

    def begin(self, heading: Heading, columns: Sequence[Column]) -> Sheet:
        """Begin a table, on its first page."""
        # fpdf2 and what it needs take half a second and 30 MB, which no web process has to pay.
        table: Sheet = import_module("integrations.papers").Table(heading, columns)
        return table
