"""Facts of tracks: whatever a service says of one fits our rules afterwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.tracks import clean_track
from integrations.track_facts import choose_picture, make_facts, tidy, tidy_key


@given(st.text(), st.text(), st.text(), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_facts_always_fit(title, artist, album, isrc, milliseconds, artwork):
    facts = make_facts(
        title=title,
        artist=artist,
        album=album,
        isrc=isrc,
        milliseconds=milliseconds,
        artwork_url="https://a/" + artwork,
    )
    assert clean_track(facts) == facts


def test_names_are_tidied():
    assert tidy("  a\r\n b\x00c  ") == "a b c"
    assert tidy("\u202eabc") == "abc"
    assert tidy("\u05e9\u05dc\u05d5\u05dd 🎧") == "\u05e9\u05dc\u05d5\u05dd 🎧"
    assert tidy("a" * 1000) == "a" * 300
    assert tidy("\u200b") is tidy("") is tidy(None) is None


def test_long_keys_still_differ():
    one, other = tidy_key("k" * 300), tidy_key("k" * 301)
    assert one != other
    assert tidy_key("spotify:track:1") == "spotify:track:1"
    assert tidy_key("a\nb").isprintable()


def test_the_best_picture():
    def best(*widths):
        return choose_picture((f"https://i.example/{width}", width) for width in widths)

    assert best(640, 300, 64) == "https://i.example/300"
    assert best(64, 160) == "https://i.example/160"
    assert best(3000, 640) == "https://i.example/640"
    assert best(None) == "https://i.example/None"
    assert best() is None
