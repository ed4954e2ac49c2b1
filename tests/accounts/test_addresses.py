"""Addresses are written in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import Channel
from domain.addresses import clean_email, clean_phone, network_of
from domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Mina@Example.COM ", "mina@example.com"),
        ("first.last+tag@sub.example.org", "first.last+tag@sub.example.org"),
        ("x@münchen.de", "x@xn--mnchen-3ya.de"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
    ],
)
def test_an_email_address_has_one_spelling(typed, kept):
    assert clean_email(typed).text == kept
    assert clean_email(kept).channel is Channel.EMAIL


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mina",
        "@example.com",
        "mina@localhost",
        "mina@10.0.0.1",
        "a..b@example.com",
        ".a@example.com",
        '"a b"@example.com',
        "a@b@example.com",
        "a@-x.de",
        "a\n@example.com",
        "a@example.com\nBcc: everybody@example.com",
        "Ä@example.com",
        f"{'x' * 65}@example.com",
        f"a@{'x' * 64}.de",
        "a@" + "x." * 200 + "de",
        "a@\ud800.de",
    ],
)
def test_what_is_no_email_address_is_refused_by_name(typed):
    with pytest.raises(InvalidInput) as caught:
        clean_email(typed, "code", "email")
    assert caught.value.field == ("code", "email")


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_addresses(typed):
    for clean in (clean_email, clean_phone):
        try:
            found = clean(typed)
        except InvalidInput:
            continue
        assert found.text == clean(found.text).text
        assert found.text.isascii()


@pytest.mark.parametrize(
    ("typed", "kept", "country"),
    [
        ("+49 151 12345678", "+4915112345678", 49),
        ("+1 (415) 555-2671", "+14155552671", 1),
        ("+234 803 123 4567", "+2348031234567", 234),
    ],
)
def test_a_number_is_kept_in_e164(typed, kept, country):
    found = clean_phone(typed)
    assert (found.text, found.country, found.channel) == (kept, country, Channel.SMS)


@pytest.mark.parametrize(
    "typed",
    [
        "0151 12345678",  # No country.
        "+1 900 555 0100",  # A premium number.
        "+44 20 7946 0958",  # A fixed line.
        "+49 151 12345678 ext 5",
        "+999",
        "+49" + "1" * 60,
        "phone",
        "",
    ],
)
def test_numbers_that_get_no_message_are_refused(typed):
    with pytest.raises(InvalidInput):
        clean_phone(typed)


def test_one_customer_of_a_provider_is_one_caller():
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::4") != network_of("2001:db8:1:2::4")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("") == ""
