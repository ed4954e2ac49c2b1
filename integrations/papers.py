"""Printed tables: PDF by fpdf2, in fonts that are free and come with us."""

from __future__ import annotations

import io
import logging
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from domain.exports import Column, Heading, Value

# They tell what a font lacks, with the letters that somebody wrote, and what of it is left out.
for name in ("fontTools", "fpdf"):
    logging.getLogger(name).setLevel(logging.ERROR)

MARGIN: Final = 12.0
LINE: Final = 5.0
SIZE: Final = 8
GREY: Final = 110
ELLIPSIS: Final = "…"
FONTS: Final = {
    "sans": ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    "arabic": ("justmytype_intl_rtl", "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf"),
    "hebrew": ("justmytype_intl_rtl", "fonts/ofl/notosanshebrew/NotoSansHebrew[wdth,wght].ttf"),
    "japanese": ("pylopdf_fonts_cjk", "NotoSansJP-Regular.otf"),
}
"""Latin, Greek and Cyrillic are in the first; the others are asked for what it lacks."""

OTHERS: Final = {"hebrew": {"wght": 400.0, "wdth": 100.0}}
"""Fonts with a range of weights have a regular one unless told otherwise; this one is thin. Telling takes its time."""

FROM_RIGHT: Final = frozenset({"R", "AL"})


class Table:
    """A `Sheet` on paper: A4 across, the columns' titles on each page, and the page's number at its foot."""

    def __init__(self, heading: Heading, columns: Sequence[Column]) -> None:
        self._paper = _Paper(heading)
        self._shown = [(place, column) for place, column in enumerate(columns) if column.title is not None]
        whole = sum(column.width for _, column in self._shown)
        self._widths = [self._paper.epw * column.width / whole for _, column in self._shown]
        self._paper.add_page()
        self._head()

    def add(self, rows: Sequence[Sequence[Value]]) -> None:
        """Print some rows, a line each."""
        for row in rows:
            if self._paper.will_page_break(LINE):
                self._paper.add_page()
                self._titles()
            self._line([_printed(row[place]) for place, _ in self._shown])

    def end(self) -> bytes:
        """End the paper."""
        file = io.BytesIO()
        self._paper.output(file)
        return file.getvalue()

    def _head(self) -> None:
        heading, paper = self._paper.heading, self._paper
        paper.set_font_size(15)
        paper.write_line(heading.title, 9)
        paper.set_font_size(SIZE + 1)
        for fact in (heading.owner, f"{heading.period.first} to {heading.period.last} (UTC)", *heading.facts):
            paper.write_line(fact, LINE)
        paper.ln(3)
        self._titles()

    def _titles(self) -> None:
        self._paper.set_font_size(SIZE)
        self._paper.set_text_color(GREY)
        self._line([column.title or "" for _, column in self._shown])
        self._paper.set_text_color(0)
        self._paper.line(self._paper.l_margin, self._paper.y, self._paper.w - self._paper.r_margin, self._paper.y)

    def _line(self, texts: Sequence[str]) -> None:
        for text, width in zip(texts, self._widths, strict=True):
            self._paper.write_cell(text, width)
        self._paper.ln(LINE)


class _Paper(FPDF):
    """Pages with a foot."""

    def __init__(self, heading: Heading) -> None:
        super().__init__(orientation="landscape", format="A4")
        self.heading = heading
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + LINE)
        self.set_title(f"{heading.title}, {heading.period.first} to {heading.period.last}")
        self.set_author(heading.owner)
        self.set_creation_date(datetime.now(UTC))
        for name, (package, file) in FONTS.items():
            self.add_font(name, fname=_find(package) / file, variations=OTHERS.get(name))
        self.set_font("sans", size=SIZE)
        self.set_fallback_fonts([name for name in FONTS if name != "sans"])

    def footer(self) -> None:
        """Print the number of the page."""
        self.set_y(-MARGIN)
        self.set_text_color(GREY)
        self.cell(0, LINE, f"{self.heading.title} · page {self.page_no()}", align="R")
        self.set_text_color(0)

    def write_line(self, text: str, height: float) -> None:
        """Print a line of its own."""
        self._shape(text)
        self.cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def write_cell(self, text: str, width: float) -> None:
        """Print a text in so much room; what is too long for it is cut."""
        self._shape(text)
        self.cell(width, LINE, self._fit(text, width - 2 * self.c_margin))

    def _shape(self, text: str) -> None:
        """Join and order letters that are written from the right; it takes its time, and others need it not."""
        from_right = any(unicodedata.bidirectional(character) in FROM_RIGHT for character in text)
        self.set_text_shaping(use_shaping_engine=from_right)

    def _fit(self, text: str, room: float) -> str:
        if self.get_string_width(text) <= room:
            return text
        least, most = 0, len(text)
        while least < most:
            middle = (least + most + 1) // 2
            if self.get_string_width(text[:middle] + ELLIPSIS) <= room:
                least = middle
            else:
                most = middle - 1
        return text[:least].rstrip() + ELLIPSIS


def _printed(value: Value) -> str:
    """A value for people: a moment to the minute, a text on one line."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    return "" if value is None else " ".join(str(value).split())


def _find(package: str) -> Path:
    """Where a package of fonts lies; nothing of it is run."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(package)
    return Path(found.submodule_search_locations[0])
