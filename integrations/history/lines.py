"""Lists of text, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from integrations.history.bounds import File, broken
from integrations.history.texts import decode

MAX_LINE: Final = 64 * 1024
ASK_EVERY: Final = 1_024


def lines_of(file: File) -> Iterator[tuple[int, str]]:
    """Give each line that is not empty, with its number from 1.

    Raises:
        InvalidInput: A line is too long to be one, or reading takes too long.
    """
    text = decode(file.content)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    number, start = 0, 0
    while start < len(text):
        if number % ASK_EVERY == 0:
            file.check_time()
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MAX_LINE:
            raise broken(f"line {number}", f"it has more than {MAX_LINE:,} characters")
        line = text[start:end]
        if line and not line.isspace():
            yield number, line
        start = end + 1
