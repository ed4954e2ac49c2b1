"""The compiled engine gives what one small question after the other gives, in as many statements as it says."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import VIEWERS
from tests.engine.differing import differences
from tests.engine.naive import Naive
from tests.engine.operations import operations

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "60"))


@pytest.fixture(scope="session")
async def naive(schema, rows):
    """The other engine."""
    async with rows.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield Naive(schema, connection)


# The library forgets coroutines that it has made when a sibling fails where null is not allowed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(7200)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate,),  # A failing operation is short enough to read; shrinking it takes minutes.
    derandomize="TEST_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_both_engines_agree(data, schema, naive, known, make_context):
    viewer, roles = data.draw(st.sampled_from(VIEWERS))
    operation = data.draw(operations(schema._schema, known))
    found = await differences(schema, naive, operation, lambda: make_context(viewer, roles))
    assert not found, f"{operation.text}\n{operation.variables}\nviewer {viewer} {roles}\n" + "\n".join(found)
