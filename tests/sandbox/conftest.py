"""The sandbox for its own tests: one process for all of them, and one that a test may kill."""

import pytest

from tests.sandbox.process import SandboxProcess


@pytest.fixture(scope="session")
async def running_sandbox(tmp_path_factory):
    made = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def sandbox(running_sandbox):
    """The sandbox, which remembers nothing of other tests."""
    await running_sandbox.reset()
    return running_sandbox


@pytest.fixture
async def mortal_sandbox(tmp_path):
    """A sandbox for one test, which may kill it."""
    made = SandboxProcess(tmp_path)
    await made.start()
    yield made
    await made.close()
