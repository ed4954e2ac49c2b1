"""How often things may happen: the figures, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limit:
    """So many at once, and one more each so often.

    Attributes:
        burst: How many at once.
        every_seconds: How long until one more is allowed, in seconds.
    """

    burst: int
    every_seconds: float


CODES_TO_EMAIL: Final = Limit(burst=4, every_seconds=5 * 60)
"""A mail that got lost, a typing error, another device: four will do. Then one each 5 minutes: nobody's inbox is flooded."""

CODES_TO_PHONE: Final = Limit(burst=3, every_seconds=20 * 60)
"""A message costs money and wakes people."""

CODES_TO_ADDRESS_DAILY: Final = Limit(burst=12, every_seconds=2 * 60 * 60)
"""12 codes a day in the long run, each with 5 attempts: a month of guessing at one address succeeds once in 500 times."""

CODES_TO_COUNTRY: Final = Limit(burst=100, every_seconds=10)
"""Messages to one calling code. Fraudsters who earn on expensive numbers ask for thousands; a real rush fits into 360 an hour."""

CODES_BY_CALLER: Final = Limit(burst=10, every_seconds=60)
"""An office or a mobile carrier's gateway signs in together; a machine that goes through a list of addresses is slowed."""

SIGN_INS_BY_CALLER: Final = Limit(burst=20, every_seconds=10)
"""Attempts are counted by code as well; this is for who tries one guess each at many addresses."""

UPLOADS_BY_PERSON: Final = Limit(burst=10, every_seconds=60)
"""Calls, each of up to 20 files: decoding pictures is the dearest thing that a stranger can make us do."""

ROUND_TRIPS_BY_PERSON: Final = Limit(burst=10, every_seconds=30)
"""Leaving to connect an account, and an app's token for one: who loses their way a few times still gets there."""

ROUND_TRIPS_BY_CALLER: Final = Limit(burst=20, every_seconds=10)
"""Leaving to sign in at a provider; each leaves a row for some minutes."""

RETURNS_BY_CALLER: Final = Limit(burst=60, every_seconds=1)
"""Coming back from a provider. Nobody guesses 256 bits; this is for who would keep the database busy with trying."""

RENEWALS_BY_PERSON: Final = Limit(burst=30, every_seconds=20)
"""Renewing access by hand. Those that ask at once share one call; a loop in an app is slowed."""

TIPS_BY_PERSON: Final = Limit(burst=10, every_seconds=20)
"""Whoever tries stolen cards asks for many pages to pay at; nobody else does."""

LINKS_BY_PERSON: Final = Limit(burst=20, every_seconds=60)
"""Each is something at the processor that stays."""

UNSIGNED_WEBHOOKS: Final = Limit(burst=120, every_seconds=0.5)
"""120 a minute from one network. What is signed counts nothing: a vendor that was silent for an hour sends all at once."""

PAYOUTS_BY_PERSON: Final = Limit(burst=10, every_seconds=6)
"""10 a minute; asking again with the same key counts nothing."""

METHODS_BY_PERSON: Final = Limit(burst=10, every_seconds=60)
"""Ways to be paid; each may leave an account at a vendor."""

IMPORTS_BY_PERSON: Final = Limit(burst=20, every_seconds=30)
"""Histories to read; each may take a processor some seconds."""

PAIRINGS_BY_PERSON: Final = Limit(burst=10, every_seconds=60)
"""Codes for companions."""

PAIRINGS_BY_CALLER: Final = Limit(burst=10, every_seconds=30)
"""Codes that are tried from one network. Of 50 random bits that hold for 10 minutes nobody finds one at this pace."""

COMPANION_FILES: Final = Limit(burst=60, every_seconds=3)
"""What one companion sends: all that lies in a folder when it begins, later a file for each track."""

UNKNOWN_COMPANIONS: Final = Limit(burst=30, every_seconds=2)
"""Requests of one network that no companion of ours has signed."""

MISSIONS_BY_PERSON: Final = Limit(burst=20, every_seconds=60)
"""Missions to write: everybody who looks for work reads them."""

VERIFICATIONS_BY_PERSON: Final = Limit(burst=10, every_seconds=30)
"""Looks at one's own history: each reads hours of it."""

EXPORTS_BY_PERSON: Final = Limit(burst=10, every_seconds=60)
"""Files to make; each reads up to a year of somebody's rows."""
