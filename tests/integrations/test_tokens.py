"""Access tokens: what we sign we read, and nothing else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from domain.errors import Unauthenticated
from domain.ports import Claims
from integrations.tokens import JwtTokens

SECRET = "0123456789abcdef0123456789abcdef"
ISSUER = "https://api.example.com"


@pytest.fixture
def tokens():
    return JwtTokens(SECRET, issuer=ISSUER)


def claims(seconds=600.0):
    return Claims(uuid4(), uuid4(), datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds))


def parts(token):
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def sign(header, content, secret=SECRET, algorithm="HS256"):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return jws.serialize_compact(header, body, OctKey.import_key(secret), algorithms=[algorithm])


def test_what_is_issued_is_read_back(tokens):
    given = claims()
    assert tokens.read(tokens.issue(given)) == given
    assert JwtTokens(SECRET, issuer=ISSUER).read(tokens.issue(given)) == given


def test_it_looks_as_rfc_9068_says_and_holds_nothing_personal(tokens):
    header, content = parts(tokens.issue(claims()))
    assert header["typ"] == "at+jwt"
    assert header["alg"] == "HS256"
    assert set(content) == {"iss", "aud", "sub", "sid", "iat", "exp"}
    assert header["kid"] not in SECRET


def test_time_is_checked_with_five_seconds_of_grace(tokens):
    assert tokens.read(tokens.issue(claims(-3)))
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read(tokens.issue(claims(-7)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://elsewhere.example"),
        ("aud", "another"),
        ("aud", None),
        ("sub", "not-a-uuid"),
        ("sub", 7),
        ("sid", None),
        ("sid", ["x"]),
        ("exp", None),
        ("exp", "tomorrow"),
        ("exp", True),
        ("exp", 1e300),
        ("iat", 99_999_999_999),
        ("nbf", 99_999_999_999),
    ],
)
def test_claims_that_do_not_hold(tokens, name, value):
    header, content = parts(tokens.issue(claims()))
    assert tokens.read(sign(header, content)), "the forger knows how it is done"
    content[name] = value
    if value is None:
        del content[name]
    with pytest.raises(Unauthenticated):
        tokens.read(sign(header, content))


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "other"},
        {"kid": None},
        {"alg": "HS512"},
        {"crit": ["b64"], "b64": True},
        {"jku": "https://evil.example/keys"},
    ],
)
def test_headers_that_are_not_ours(tokens, change):
    header, content = parts(tokens.issue(claims()))
    changed = {name: value for name, value in {**header, **change}.items() if value is not None}
    with pytest.raises(Unauthenticated):
        tokens.read(sign(changed, content, algorithm=changed["alg"]))


def test_no_other_key_and_no_other_algorithm(tokens):
    token = tokens.issue(claims())
    header, content = parts(token)
    with pytest.raises(Unauthenticated):
        JwtTokens("another secret of thirty-two bytes", issuer=ISSUER).read(token)
    with pytest.raises(Unauthenticated):
        tokens.read(sign(header, content, secret="another secret of thirty-two bytes"))
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({**header, "alg": "none"}).encode()).decode().rstrip("=")
    for forged in (f"{none}.{body}.", f"{none}.{body}.{signature}", f"{head}.{body}.", f"{head}.{body}"):
        with pytest.raises(Unauthenticated):
            tokens.read(forged)
    rsa = jws.serialize_compact(
        {**header, "alg": "RS256"}, json.dumps(content).encode(), RSAKey.generate_key(2048), algorithms=["RS256"]
    )
    with pytest.raises(Unauthenticated):
        tokens.read(rsa)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "ümlaut.x.y", "\0", "a" * 5000, "e30.e30.e30", "Bearer x"])
def test_texts_that_are_no_tokens(tokens, text):
    with pytest.raises(Unauthenticated):
        tokens.read(text)


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b"not json", b"\xff"])
def test_bodies_that_are_no_claims(tokens, body):
    header, _ = parts(tokens.issue(claims()))
    with pytest.raises(Unauthenticated):
        tokens.read(sign(header, body))


def test_any_changed_letter_breaks_it(tokens):
    token = tokens.issue(claims())
    for place in range(0, len(token) - 1, 7):
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(Unauthenticated):
            tokens.read(token[:place] + letter + token[place + 1 :])
