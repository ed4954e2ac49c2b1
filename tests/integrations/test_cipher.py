"""Secrets at rest: opened with what they are bound to, under any kept key, and never otherwise."""

from __future__ import annotations

import base64
import multiprocessing
import os
import stat
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import secret_files
from integrations.cipher import AesCipher, add_key, kept_keys, key_id_of, parse_keys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def encode(key):
    return base64.b64encode(key).decode()


@given(plain=st.text(max_size=300), bound_to=st.text(max_size=50))
def test_what_is_sealed_is_opened(plain, bound_to):
    cipher = AesCipher({"k1": OLD})
    sealed = cipher.seal(plain, bound_to=bound_to)
    assert cipher.open(sealed, bound_to=bound_to) == plain
    with pytest.raises(ValueError, match="for something else"):
        cipher.open(sealed, bound_to=bound_to + "x")


def test_no_two_seals_are_alike_and_none_shows_the_text():
    cipher = AesCipher({"k1": OLD})
    sealed = {cipher.seal("a refresh token", bound_to="row") for _ in range(100)}
    assert len(sealed) == 100
    assert not any(b"refresh" in each for each in sealed)


def test_every_changed_byte_is_noticed():
    cipher = AesCipher({"k1": OLD, "k2": NEW})
    sealed = cipher.seal("secret", bound_to="row")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="It "):
            cipher.open(bytes(changed), bound_to="row")
    for shorter in (sealed[:-1], sealed[:4], b""):
        with pytest.raises(ValueError, match="It "):
            cipher.open(shorter, bound_to="row")


def test_keys_change_without_a_gap():
    before = AesCipher({"k1": OLD})
    sealed = before.seal("secret", bound_to="row")
    during = AesCipher({"k2": NEW, "k1": OLD})
    assert key_id_of(sealed) == before.current_key_id == "k1"
    assert during.open(sealed, bound_to="row") == "secret"
    again = during.seal("secret", bound_to="row")
    assert key_id_of(again) == during.current_key_id == "k2"
    after = AesCipher({"k2": NEW})
    assert after.open(again, bound_to="row") == "secret"
    with pytest.raises(ValueError, match="'k1', which is not among the keys"):
        after.open(sealed, bound_to="row")


def test_the_key_id_cannot_be_exchanged():
    cipher = AesCipher({"k1": OLD, "k2": OLD})
    sealed = cipher.seal("secret", bound_to="row")
    with pytest.raises(ValueError, match="was changed"):
        cipher.open(b"k2" + sealed[2:], bound_to="row")


def test_keys_are_read_in_order():
    assert parse_keys(f" k2:{encode(NEW)}, k1:{encode(OLD)} ") == {"k2": NEW, "k1": OLD}
    assert next(iter(parse_keys(f"k2:{encode(NEW)},k1:{encode(OLD)}"))) == "k2"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "at least one key"),
        (",", "at least one key"),
        (encode(OLD), "entry 1 must look like"),
        (f"k1:{encode(OLD)},{encode(NEW)}", "entry 2 must look like"),
        (f"k 1:{encode(OLD)}", "entry 1 must look like"),
        (f"k1:{encode(OLD)},k1:{encode(NEW)}", "comes twice"),
        ("k1:not base64!", "not base64"),
        (f"k1:{encode(OLD[:31])}", "must have 32 bytes"),
        ("k1:", "must have 32 bytes"),
    ],
)
def test_keys_that_cannot_be_read_are_refused_without_showing_them(text, what):
    with pytest.raises(ValueError, match=what) as refusal:
        parse_keys(text)
    assert encode(OLD)[:8] not in str(refusal.value)


def test_the_demo_keeps_its_keys_for_its_owner_alone(tmp_path):
    path = tmp_path / "new" / "keys.json"
    keys = kept_keys(path)
    assert [len(key) for key in keys.values()] == [32]
    assert kept_keys(path) == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


def test_a_key_is_added_in_front(tmp_path):
    path = tmp_path / "keys.json"
    sealed = AesCipher(kept_keys(path)).seal("secret", bound_to="row")
    keys = add_key(path)
    assert list(keys) == ["k2", "k1"]
    assert kept_keys(path) == keys
    assert AesCipher(keys).open(sealed, bound_to="row") == "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"k1": 7}', b'{"k1": "short"}', b"{}"])
def test_a_damaged_file_is_said_and_left_alone(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"keys.json is damaged"):
        kept_keys(path)
    assert path.read_bytes() == content


def _make():
    time.sleep(0.5)
    return {"a": str(os.getpid())}


def _keep(path):
    return secret_files.keep(path, _make)


def test_processes_that_start_together_share_one_secret(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        kept = pool.map(_keep, [tmp_path / "secrets.json"] * 4, chunksize=1)
    assert len({each["a"] for each in kept}) == 1
