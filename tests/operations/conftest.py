"""The ledger's deeds, and who runs the platform."""

import pytest

from tests.ledger import conftest as ledger

desk, mina, kofi, operator = ledger.desk, ledger.mina, ledger.kofi, ledger.operator


@pytest.fixture
def refusal(api):
    """The code that a mutation is refused with: `await refusal(mina, OPERATION, **input)`."""

    async def ask(person, document, /, **input):
        return (await api(person).refused(document, **input))["code"]

    return ask
