"""Proofs: they hold, they hold nothing personal, and nobody changes a byte of one."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import canonical_json, cid_of
from domain.ids import to_wire
from domain.proof_documents import CID, LONGEST, Check, examine, is_valid, key_id_of, make_proof, seal
from domain.proofs import ScorePoints
from domain.tracks import TrackFacts
from integrations.proof_keys import Ed25519Notary, holds, parse_public_key, parse_signing_key, read_public_keys
from tests.proofs.facts import BEGAN, CURATOR, FACTS, MISSION, NOTARY, PLAYED, RUNNER, SALT, STRANGER, document

WHOLE = document()
TRUSTED = [NOTARY.public_key]
BARE = {"played": None, "confidence": None, "score": None, "rules": (), "venue_name": None, "venue_match": "UNKNOWN"}


def faults(content, trusted=TRUSTED):
    """The check at which it ends, with the reason; nothing when it is fine."""
    return [(finding.check, finding.fault) for finding in examine(content, holds, trusted) if finding.fault]


def changed(**fields):
    """A document with other fields, signed by the platform all the same."""
    return seal({**json.loads(WHOLE)["proof"], **fields}, NOTARY)


def test_a_proof_holds():
    findings = examine(WHOLE, holds, TRUSTED)
    assert [finding.check for finding in findings] == list(Check)
    assert faults(WHOLE) == []
    assert is_valid(WHOLE, NOTARY)
    assert CID.fullmatch(cid_of(WHOLE))
    assert document() == WHOLE


def test_it_says_what_was_played():
    proof = json.loads(WHOLE)["proof"]
    assert proof["trackPlayed"] == {
        "title": "ca plane",
        "artist": "Plastic",
        "bpm": "128",
        "durationMilliseconds": 212_004,
        "playedAt": "2026-05-09T22:10:05.250Z",
        "playedMilliseconds": 180_500,
        "deck": 2,
        "source": "SERATO",
        "trustLevel": "HIGH",
    }
    assert proof["verificationTime"] == "2026-05-10T06:00:00.000Z"
    assert (proof["confidence"], proof["score"]["total"], proof["score"]["available"]) == ("95.5", 90, 100)
    assert [rule["passed"] for rule in proof["rules"]] == [True, False]
    assert proof["evidenceSha256"] == "e" * 64


def test_what_a_person_decided_is_a_proof_too():
    content = document(method="MANUAL", **BARE)
    assert faults(content) == []
    assert json.loads(content)["proof"].keys() == {
        *("format", "missionId", "runnerId", "curatorId", "trackWanted", "venue"),
        *("verificationMethod", "verificationTime", "evidenceSha256"),
    }


def test_nothing_personal_is_in_it():
    text = WHOLE.decode()
    words = [str(each) for each in (MISSION, RUNNER, CURATOR)] + [
        "0190",
        "Anna",
        "user_",
        "mission_",
        "@",
        "mina",
        "theo",
    ]
    assert [word for word in words if word.lower() in text.lower()] == []
    # Ids without a salt would be found by whoever has a list of them.
    plain = [str(RUNNER).encode(), RUNNER.bytes, to_wire("user", RUNNER).encode(), b"Anna's birthday"]
    assert [each for each in plain if hashlib.sha256(each).hexdigest() in text] == []
    assert SALT.hex() not in text
    assert not re.search("amount|budget|price|payout|currency", text, re.IGNORECASE)


def test_who_has_the_salt_can_show_whom_it_speaks_of():
    proof = json.loads(WHOLE)["proof"]
    said = {"runnerId": to_wire("user", RUNNER), "curatorId": to_wire("user", CURATOR)}
    said["missionId"] = to_wire("mission", MISSION)
    for name, text in said.items():
        assert proof[name] == hashlib.sha256(SALT + text.encode()).hexdigest()
    assert proof["venue"]["name"] == hashlib.sha256(SALT + b"Anna's birthday").hexdigest()
    other = make_proof(FACTS, bytes(32))
    assert all(other[name] != proof[name] for name in said)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_byte_that_was_changed_is_found(place, by):
    content = bytearray(WHOLE)
    content[place] ^= by
    assert faults(bytes(content))
    assert cid_of(bytes(content)) != cid_of(WHOLE)


def test_a_bit_that_was_changed_is_found_wherever_it_is():
    for place in range(len(WHOLE)):
        content = bytearray(WHOLE)
        content[place] ^= 1
        assert faults(bytes(content)), place


@given(st.integers(0, len(WHOLE) - 1))
def test_a_part_of_it_is_not_enough(place):
    assert faults(WHOLE[:place])
    assert faults(WHOLE[:place] + WHOLE[place + 1 :])
    assert faults(WHOLE + WHOLE[: place + 1])


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_what_is_no_proof_is_refused_and_breaks_nothing(content):
    assert faults(content)


def test_a_stranger_cannot_sign_for_us():
    content = document(STRANGER)
    assert faults(content)[0][0] is Check.KEY
    assert not is_valid(content, NOTARY)
    assert faults(content, [STRANGER.public_key]) == []
    # Nor under our key's name, nor with our key beside their signature.
    parts = json.loads(content)
    ours = {"keyId": key_id_of(NOTARY.public_key), "publicKey": NOTARY.public_key.hex()}
    for some in ({"keyId": ours["keyId"]}, {"publicKey": ours["publicKey"]}, ours):
        mixed = canonical_json({**parts, "signature": {**parts["signature"], **some}})
        assert faults(mixed, [NOTARY.public_key, STRANGER.public_key])[0][0] is Check.SIGNATURE


def test_a_key_has_its_own_name():
    parts = json.loads(WHOLE)
    signature = {**parts["signature"], "keyId": key_id_of(STRANGER.public_key)}
    del signature["value"]
    value = NOTARY.sign(canonical_json({"proof": parts["proof"], "signature": signature})).hex()
    content = canonical_json({"proof": parts["proof"], "signature": {**signature, "value": value}})
    assert faults(content)[0][0] is Check.SIGNATURE


def test_the_same_facts_in_other_bytes_are_no_proof():
    loose = json.dumps(json.loads(WHOLE), ensure_ascii=False).encode()
    assert faults(loose)[0][0] is Check.FORM
    assert faults(WHOLE + b"\n")[0][0] is Check.FORM
    doubled = WHOLE.replace(b'"confidence":"95.5"', b'"confidence":"99.9","confidence":"95.5"')
    assert doubled != WHOLE
    assert faults(doubled) == [(Check.FORM, "a name comes twice")]


WRONG = {
    "format": "backline-mission-proof/2",
    "confidence": 95,
    "missionId": to_wire("mission", MISSION),
    "evidenceSha256": "E" * 64,
    "verificationTime": "2026-05-10T06:00:00Z",
    "venue": {"match": "MATCH", "name": "Anna's birthday"},
    "rules": [],
    "score": {"title": 40},
    "trackPlayed": {"title": "x"},
    "trackWanted": {"title": ""},
    "runner": "Mina",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_field_that_is_not_as_it_must_be_is_named(name):
    ((check, fault),) = faults(changed(**{name: WRONG[name]}))
    assert check is Check.FIELDS
    assert name in fault


MOMENTS = ["0001-01-01T00:00:00.000+23:59", "2026-13-01T00:00:00.000Z", "2026-05-10T06:00:00.000+00:00", "", "\n"]


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_has_one_form(text):
    assert faults(changed(verificationTime=text))[0][0] is Check.FIELDS


def test_another_shape_altogether():
    for content in (b"[]", b"1", b'"a"', b"{}", b'{"proof":{},"signature":[]}', b'{"\\u001b[2J":1}'):
        ((check, fault),) = faults(content)
        assert check is Check.FIELDS
        assert "\x1b" not in fault
    huge = canonical_json({"proof": "x" * LONGEST})
    assert faults(huge)[0][0] is Check.FORM


@pytest.mark.parametrize(
    "changes",
    [
        {"verified_at": FACTS.verified_at.replace(tzinfo=None)},
        {"played": replace(PLAYED, at=BEGAN.replace(tzinfo=None))},
        {"evidence_sha256": "file.session"},
        {"confidence": "95.55"},
        {"confidence": "100.1"},
        {"score": ScorePoints(40, 20, 20, 10, 90, -1)},
        {"method": "by hand"},
    ],
)
def test_a_proof_of_what_cannot_be_is_not_made(changes):
    with pytest.raises(ValueError, match=r"no proof can be made|time zone"):
        make_proof(replace(FACTS, **changes), SALT)


def test_a_salt_has_all_its_bytes():
    with pytest.raises(ValueError, match="32 bytes"):
        make_proof(FACTS, SALT[:31])


def test_what_software_wrote_of_a_track_stops_no_proof():
    odd = TrackFacts("x" * 1000, "", duration_seconds=float("inf"), bpm=float("nan"))
    content = document(played=replace(PLAYED, track=odd, seconds=-1.0, deck=None))
    assert faults(content) == []
    assert json.loads(content)["proof"]["trackPlayed"].keys() == {"title", "playedAt", "source", "trustLevel"}


def test_what_an_earlier_key_signed_is_still_ours():
    later = Ed25519Notary(bytes(32), [NOTARY.public_key])
    assert is_valid(WHOLE, later)
    assert is_valid(document(later), later)
    assert not is_valid(WHOLE, Ed25519Notary(bytes(32)))
    assert not is_valid(document(later), NOTARY)


def test_the_signature_is_the_one_of_the_standard():
    # RFC 8032, section 7.1, test 2.
    key = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    notary = Ed25519Notary(key)
    assert notary.public_key.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert notary.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert not holds(bytes(31), bytes(64), b"")
    assert not holds(notary.public_key, b"", b"")


def test_keys_in_settings_and_files():
    assert parse_signing_key("A" * 43 + "=") == bytes(32)
    for text in ("", "A" * 42, "hidden-key", "é"):
        with pytest.raises(ValueError, match="32 bytes"):
            parse_signing_key(text)
    with pytest.raises(ValueError, match="64 hexadecimal"):
        parse_public_key("ab" * 31)
    assert read_public_keys(f"# ours\n\n{'ab' * 32}  # now\n{'cd' * 32}\n") == [b"\xab" * 32, b"\xcd" * 32]
    with pytest.raises(ValueError, match="64 hexadecimal"):
        read_public_keys("ab\n")
