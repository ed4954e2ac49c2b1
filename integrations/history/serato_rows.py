"""The rows of Serato's exports: cells between commas, semicolons or tabs, or below their headings in columns of blanks."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.plays import HistoryFormat
from integrations.history.bounds import File, broken
from integrations.history.lines import lines_of
from integrations.history.serato_columns import columns_of
from integrations.history.texts import decode

HEADING: Final = re.compile(r"\S+(?: \S+)*")
RULE: Final = re.compile(r"[-=_\s]+")
MAX_CELL: Final = 4096
DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """A line of the list: its number, and its cells by column."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """A cell, "" where there is none."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Shape:
    """How a list is written.

    Attributes:
        places: Which column is the how manieth.
        delimiter: What parts its cells; None when they lie one below the other.
        begins: Where the columns begin when they do.
    """

    places: dict[str, int]
    delimiter: str | None
    begins: tuple[int, ...] = ()

    @property
    def format(self) -> HistoryFormat:
        """Commas and semicolons make a CSV."""
        return HistoryFormat.SERATO_CSV if self.delimiter in (",", ";") else HistoryFormat.SERATO_TEXT


def shape_of(line: str) -> Shape | None:
    """Read the first line; None when it is not that of a history which Serato exported."""
    found = [Shape(places, mark) for mark in DELIMITERS if (places := columns_of(_cut(line, mark)))]
    headings = list(HEADING.finditer(line))
    below = columns_of([heading[0] for heading in headings])
    if below:
        found.append(Shape(below, None, tuple(heading.start() for heading in headings)))
    return max(found, key=lambda shape: len(shape.places), default=None)


def shape_of_head(head: bytes) -> Shape | None:
    """The shape of a list that begins like this."""
    lines = (line for line in decode(head).splitlines() if line.strip())
    return shape_of(next(lines, ""))


def rows_of(file: File) -> Iterator[Row]:
    """Give the rows below the headings, without lines that only rule the page.

    Raises:
        InvalidInput: A line is longer than any; the message names it.
    """
    lines = lines_of(file)
    shape = shape_of(next(lines, (0, ""))[1])
    if shape is None:
        raise broken("line 1", "there should be the headings of a history")
    cut = _cutter(shape)
    for number, line in lines:
        if not RULE.fullmatch(line):
            cells = cut(line)
            filled = {column: cells[place] for column, place in shape.places.items() if place < len(cells)}
            yield Row(number, {column: cell.strip()[:MAX_CELL] for column, cell in filled.items() if cell.strip()})


def _cutter(shape: Shape) -> Callable[[str], list[str]]:
    if shape.delimiter is not None:
        return lambda line: _cut(line, shape.delimiter or ",")
    ends = (*shape.begins[1:], None)
    return lambda line: [line[begin:end] for begin, end in zip(shape.begins, ends, strict=True)]


def _cut(line: str, delimiter: str) -> list[str]:
    """Cells of one line: Serato writes no line breaks into them."""
    if '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter), [])
