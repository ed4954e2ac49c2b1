"""Lists of text, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from integrations.history.bounds import File, broken
from integrations.history.texts import open_text

MAX_LINE: Final = 64 * 1024
MAX_LINES: Final = 1_000_000
"""Ten for each play that a file may have."""
ASK_EVERY: Final = 1_024


def lines_of(file: File) -> Iterator[tuple[int, str]]:
    """Give each line that is not empty, with its number from 1.

    Raises:
        InvalidInput: A line is too long to be one, there are too many, or reading takes too long.
    """
    text = open_text(file.content)
    number = 0
    while line := text.readline(MAX_LINE + 1):
        if number % ASK_EVERY == 0:
            file.check_time()
        number += 1
        if number > MAX_LINES:
            raise broken(f"line {number}", f"it has more than {MAX_LINES:,} lines")
        line = line.removesuffix("\n")
        if len(line) > MAX_LINE:
            raise broken(f"line {number}", f"it has more than {MAX_LINE:,} characters")
        if line and not line.isspace():
            yield number, line
