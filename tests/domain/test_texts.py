"""Text, tags, ids and money on paper."""

import threading
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput, NotFound
from domain.ids import from_wire, new_id, to_wire
from domain.jobs import backoff_seconds
from domain.money import EXPONENTS, Currency, Money
from domain.texts import clean_tags, clean_text
from domain.tracks import TrackFacts, clean_isrc, clean_url


@given(st.text())
def test_clean_text_is_clean_or_refused(text):
    try:
        clean = clean_text(text, "title", most=50)
    except InvalidInput:
        return
    assert 1 <= len(clean) <= 50
    assert clean == clean.strip()
    assert clean_text(clean, most=50) == clean


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦", "نور الهدى", "שלום", "é", "Ω", "a b"])
def test_people_write_as_they_do(text):
    assert clean_text(text, most=50) == text


def test_composed_and_decomposed_are_one():
    assert clean_text("e\u0301", most=5) == "é"


def test_lines_only_where_they_belong():
    assert clean_text("a\r\nb", most=5, lines=True) == "a\nb"
    with pytest.raises(InvalidInput):
        clean_text("a\nb", most=5)


def test_tags_are_folded_and_kept_in_order():
    assert clean_tags(["House", "dub ", "house"], "genreTags", most=3, longest=10) == ["house", "dub"]
    with pytest.raises(InvalidInput):
        clean_tags(["a"] * 4, "genreTags", most=3, longest=10)


def test_ids_grow_and_never_repeat():
    made: list[UUID] = []
    threads = [threading.Thread(target=lambda: made.extend(new_id() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000
    mine = [new_id() for _ in range(2000)]
    assert mine == sorted(mine)
    assert {key.version for key in mine} == {7}
    assert {key.variant for key in mine} == {"specified in RFC 4122"}


@given(st.uuids())
def test_wire_ids_come_back(key):
    assert from_wire("user", to_wire("user", key)) == key
    for wrong in (to_wire("room", key), str(key), to_wire("user", key).upper(), to_wire("user", key) + " "):
        with pytest.raises(NotFound):
            from_wire("user", wrong)


@given(st.integers(-(10**18), 10**18), st.sampled_from(Currency))
def test_money_on_the_wire_has_all_its_decimals(minor, currency):
    text = Money(minor, currency).decimal
    whole, _, rest = text.partition(".")
    assert len(rest) == EXPONENTS[currency]
    assert int(whole + rest) == minor


def test_backoff_grows_fourfold_and_at_most_half_again():
    assert [backoff_seconds(n, 0) for n in (1, 2, 3)] == [5, 20, 80]
    assert backoff_seconds(1, 0.999) < 7.5


@pytest.mark.parametrize("text", ["GB-AYE-06-00001", "gbaye0600001", " GB AYE 06 00001 "])
def test_isrcs_are_read_whatever_their_hyphens(text):
    assert clean_isrc(text) == "GBAYE0600001"


@pytest.mark.parametrize("text", ["", "GBAYE060000", "GBAYE06000012", "G1AYE0600001", "GBAYE06OOOO1"])
def test_what_is_no_isrc(text):
    with pytest.raises(InvalidInput):
        clean_isrc(text, "isrc")


@pytest.mark.parametrize(
    "text",
    [
        "http://x.example",
        "https://x.example:8443/",
        "https://u@x.example",
        "ftp://x",
        "https://",
        "//x.example",
        "https://[::1",
    ],
)
def test_what_is_no_address_of_ours(text):
    with pytest.raises(InvalidInput):
        clean_url(text, "url")


def test_the_same_recording_is_known_by_isrc_or_by_name():
    one = TrackFacts("Yebo", "Kids", isrc="GBAYE0600001")
    assert one.same_as(TrackFacts("Other", "Else", isrc="GBAYE0600001"))
    assert not one.same_as(TrackFacts("Yebo", "Kids", isrc="GBAYE0600002"))
    assert one.same_as(TrackFacts("YEBO", "kids"))
    assert not one.same_as(TrackFacts("Yebo", "Else"))
