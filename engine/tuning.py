"""What a serving process asks of the interpreter."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

THRESHOLDS: Final = (10_000, 500, 50)
"""Allocations before the young generation is collected, then collections of one before the next.

What a refused document leaves hangs together in circles: to free a hundred thousand of its tokens in one go held everybody
up for a tenth of a second. The middle ones are seldom looked at, as ever.
"""

WARM_SECONDS: Final = 30.0


def settle() -> None:
    """Tell the collector that what is loaded now stays, and to look at the rest less often.

    To be called once, after everything is imported and compiled and before the first request. Schema, tables and plans are
    some hundred thousand objects that never die, and need not be walked through again and again while somebody is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


async def settle_again(seconds: float = WARM_SECONDS) -> None:
    """Do so once more when the process has warmed up: what was parsed, planned and connected meanwhile stays as well.

    Only the youngest are looked at. To walk through all that came since the start took a tenth of a second, in which nobody
    was answered; what little of it was rubbish by then stays.
    """
    await asyncio.sleep(seconds)
    gc.collect(0)
    gc.freeze()
