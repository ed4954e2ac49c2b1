"""An installation without a mail server or carrier says so, and promises nothing."""

import pytest

from db.tables import JobRow, SignInCode
from domain.actors import Caller
from domain.errors import NotConfigured
from integrations.smtp import SmtpMailer
from integrations.twilio import TwilioVerify
from resolvers.accounts import codes


@pytest.mark.parametrize("address", [{"email": "new@example.com"}, {"phone": "+4915123456789"}])
async def test_a_code_that_cannot_be_sent_is_not_made(database, services, make, address):
    bare = type(services)(
        **{
            **vars(services),
            "mailer": SmtpMailer(None, sender=None),
            "telephones": TwilioVerify(account_sid=None, auth_token=None, service_sid=None),
        }
    )
    with pytest.raises(NotConfigured):
        await codes.request_code(database, bare, Caller(address="127.0.0.1", device="Test"), **address)
    assert await make.count(SignInCode) == 0
    assert await make.count(JobRow) == 0
    await codes.request_code(database, services, Caller(address="127.0.0.1", device="Test"), **address)
    assert await make.count(JobRow) == 1
