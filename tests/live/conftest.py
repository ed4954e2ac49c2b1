"""Two web processes for a whole file of tests."""

import pytest

from tests.fleet import Fleet


@pytest.fixture(scope="module")
async def pair(environment, web):
    """Two web processes on the tests' databases: both urls."""
    fleet = Fleet(environment)
    started = [await fleet.start("web") for _ in range(2)]
    yield [process.url for process in started]
    await fleet.end()
