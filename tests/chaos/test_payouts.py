"""Workers and databases die while money leaves: nothing is paid twice, nothing is lost, and the books are the vendor's.

These are short forms; `make chaos` plays the same scenarios at length.
"""

import os
import tempfile
from pathlib import Path

import pytest

from tests.chaos import yard as yards
from tests.chaos.crowd import Crowd
from tests.chaos.kills import kill
from tests.chaos.outages import PEOPLE, break_down
from tests.chaos.restarts import restart
from tests.chaos.silence import be_silent
from tests.chaos.yard import Yard

KILLS = int(os.environ.get("TEST_KILLS", "6"))

pytestmark = pytest.mark.timeout(240 + 20 * KILLS)


@pytest.fixture
async def yard(make, sandbox, fleet):
    """On the databases of all tests, which are not killed."""
    crowd = Crowd(make, sandbox)
    await crowd.gather()
    return Yard(crowd, sandbox, fleet)


async def test_workers_are_killed_over_payouts(yard):
    print(await kill(yard, KILLS, 5))


async def test_workers_are_restarted_over_payouts(yard):
    """SIGTERM: what is under way is given up, and nobody is charged an attempt for it."""
    print(await restart(yard, max(3, KILLS // 4), 20 * max(3, KILLS // 4)))


async def test_a_vendor_that_is_silent_after_what_it_does(yard):
    """Our books are the vendor's, whatever of its answers arrives."""
    print(await be_silent(yard, 5 * KILLS))


async def test_databases_die_over_payouts():
    times = max(2, KILLS // 4)
    with tempfile.TemporaryDirectory(prefix="backline-") as folder:
        async with yards.opened(Path(folder), PEOPLE) as yard:
            print(await break_down(yard, times, times))
