"""HTTP Message Signatures, on the RFC's own example and on ours with one thing changed."""

import base64
from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.companions import Claim, Head, new_code, read_code
from domain.errors import Unauthenticated
from integrations.http_signatures import Ed25519Requests, digest_header, parse, sign, signature_base

# RFC 9421, B.1.4 and B.2.6.
PUBLIC = base64.b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")[-32:]
SAID = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}
INPUT = (
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
SIGNATURE = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
ID = UUID("01900000-0000-7000-8000-000000000000")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OURS = KEY.public_key().public_bytes_raw()
REQUESTS = Ed25519Requests()


def test_the_example_of_the_rfc():
    signed = parse(INPUT, SIGNATURE)
    assert signed.parameters == {"created": "1618884473", "keyid": "test-key-ed25519"}
    base = signature_base(signed.components, SAID, signed.written)
    assert base.splitlines()[0] == b'"date": Tue, 20 Apr 2021 02:07:55 GMT'
    assert base.splitlines()[-1].startswith(b'"@signature-params": ("date" "@method" "@path" "@authority"')
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(signed.signature, base)


def test_a_digest_as_the_rfc_writes_it():
    # RFC 9530, appendix D: {"hello": "world"} with a line feed.
    sha256 = base64.b64decode("RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=")
    assert digest_header(sha256) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def head(**changed):
    claim = Claim(ID, 7, bytes(32), "Sét 1.session", "Europe/Berlin", b"", b"")
    headers = sign(KEY, claim, method="POST", path="/companion/plays")
    return Head("POST", "/companion/plays", {**headers, **changed})


def test_what_was_signed_is_read_as_it_was_meant():
    claim = REQUESTS.read(head())
    assert (claim.companion_id, claim.counter, claim.filename, claim.time_zone) == (
        ID,
        7,
        "Sét 1.session",
        "Europe/Berlin",
    )
    assert REQUESTS.holds(claim, OURS)
    assert not REQUESTS.holds(claim, PUBLIC)
    assert not REQUESTS.holds(claim, b"short")


@pytest.mark.parametrize(
    "changed",
    [
        {"companion-counter": "8"},
        {"companion-file": "other.session"},
        {"companion-time-zone": "Europe/Paris"},
        {"content-digest": digest_header(b"\1" * 32)},
    ],
)
def test_with_one_header_changed_the_signature_does_not_hold(changed):
    assert not REQUESTS.holds(REQUESTS.read(head(**changed)), OURS)


@pytest.mark.parametrize("changed", [{"method": "PUT"}, {"path": "/companion/pair"}])
def test_nor_for_another_place(changed):
    assert not REQUESTS.holds(REQUESTS.read(replace(head(), **changed)), OURS)


GOOD = head().headers["signature-input"]


@pytest.mark.parametrize(
    "changed",
    [
        {"signature-input": ""},
        {"signature": ""},
        {"signature": "other=:AAAA:"},
        {"signature": "companion=:A:"},
        {"signature": "companion=AAAA"},
        {"signature-input": GOOD.replace(' "companion-counter"', "")},
        {"signature-input": GOOD.replace(' "content-digest"', "")},
        {"signature-input": GOOD.replace('"@method" ', '"@method" "@method" ')},
        {"signature-input": GOOD.replace('"@method" ', '"@method";req ')},
        {"signature-input": GOOD.replace("ed25519", "hmac-sha256")},
        {"signature-input": GOOD + ', b=("@method");keyid="x"'},
        {"signature-input": GOOD + ';keyid="companion_01900000-0000-7000-8000-000000000001"'},
        {"signature-input": GOOD.replace("companion_0", "user_0")},
        {"signature-input": "a" * 5000},
        {"companion-counter": "0"},
        {"companion-counter": "-1"},
        {"companion-counter": "1.5"},
        {"companion-counter": "9" * 17},
        {"companion-counter": "٣"},
        {"companion-file": "..%2Fx"},
        {"companion-file": "%ff"},
        {"companion-file": ".."},
        {"companion-file": "a%00b"},
        {"companion-file": "x" * 256},
        {"content-digest": "sha-512=:AAAA:"},
        {"content-digest": "sha-256=:AAAA:"},
    ],
)
def test_what_is_not_signed_as_ours_is_refused(changed):
    with pytest.raises(Unauthenticated):
        REQUESTS.read(head(**changed))


def test_weak_keys_are_none():
    assert REQUESTS.is_key(OURS)
    for weak in (bytes(32), b"\1" + bytes(31), bytes(31) + b"\x80", OURS[:31], OURS + b"\0"):
        assert not REQUESTS.is_key(weak)


def test_codes_are_read_as_people_type_them():
    code = new_code()
    assert read_code(code) == read_code(f" {code.lower()} ") == code.replace("-", "")
    assert read_code("oi1l0-00000") == "0111000000"
    for bad in ("", "7KQ2M", "UUUUU-UUUUU", "7KQ2M-V9XA!", "x" * 10_000):
        assert read_code(bad) is None
