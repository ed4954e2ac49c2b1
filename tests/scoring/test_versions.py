"""What stands behind a title, decided once for each habit, and asked in both directions."""

import pytest

from domain.scoring.normalise import fold, words_of
from domain.scoring.score import score
from domain.scoring.words import Closeness, Heard, Wanted

EXACT, PARTIAL, NONE = Closeness.EXACT, Closeness.PARTIAL, Closeness.NONE
SAME = (
    "Original Mix", "Original", "Original Version", "Album Version", "LP Version", "Main Mix", "Extended Mix", "Extended Version",
    "Remastered", "2011 Remaster", "Remastered 2011", "Explicit", "Dirty", "Clean", "Stereo", "Bonus Track", "Official Video",
    "Official Audio", "HQ", "Free Download", "feat. Somebody", "From Some Film", "320kbps", "Mixed", "Deluxe Edition",
)  # fmt: skip
CUT = (
    "Radio Edit",
    "Edit",
    "Short Edit",
    "Single Version",
    "Club Mix",
    "Club Edit",
    '12" Version',
    '7" Mix',
    "Intro",
    "Quick Hit",
)
APART = (
    "Remix", "Somebody Remix", "Somebody Rmx", "Somebody Extended Remix", "Somebody Edit", "Somebody Mix", "Somebody Club Mix",
    "Bootleg", "Flip", "Mashup", "Dub", "Dub Mix", "VIP", "VIP Mix", "Live", "Live at Wembley", "En Vivo", "Ao Vivo", "Unplugged",
    "Acoustic", "Piano Version", "Instrumental", "Inst.", "Acapella", "A Cappella", "Demo", "Alternate Take", "Sped Up", "Nightcore",
    "Slowed + Reverb", "8D Audio", "Karaoke Version", "Cover", "Tribute", "Reprise", "Interlude", "Taylor's Version",
    "Spanish Version", "2012 Version", "Re-Recorded", "Type Beat", "Rework", "Re-Edit",
)  # fmt: skip


def near(wanted, heard):
    return score(Wanted(wanted, "Nova Tide"), Heard(heard, "Nova Tide")).title_closeness


@pytest.mark.parametrize(("marks", "closeness"), [(SAME, EXACT), (CUT, PARTIAL), (APART, NONE)])
@pytest.mark.parametrize("habit", ["{} ({})", "{} [{}]", "{} - {}"])
def test_each_mark_in_both_directions(marks, closeness, habit):
    for mark in marks:
        marked = habit.format("Copper Lanterns", mark)
        assert near("Copper Lanterns", marked) is closeness, marked
        assert near(marked, "Copper Lanterns") is closeness, marked
        assert near(marked, marked.upper()) is EXACT, marked


def test_another_recording_is_never_another_one():
    unlike = (
        "Somebody Remix",
        "Anybody Remix",
        "Live",
        "Instrumental",
        "Acapella",
        "VIP",
        "Dub",
        "Sped Up",
        "Slowed",
        "Acoustic",
        "Demo",
    )
    for one in unlike:
        for other in unlike:
            assert near(f"Copper Lanterns ({one})", f"Copper Lanterns ({other})") is (EXACT if one == other else NONE)


def test_clean_and_explicit_differ_only_beside_one_another():
    assert near("Copper Lanterns (Clean)", "Copper Lanterns (Explicit)") is PARTIAL
    assert near("Copper Lanterns (Dirty)", "Copper Lanterns (Explicit)") is EXACT


def test_a_word_of_a_version_in_a_name_is_a_name():
    for title in ("Live Forever", "Remix the Night", "Cover Me", "Demolition", "Dub Be Good to Me", "Acoustic Shadows"):
        assert near(title, title.upper()) is EXACT
        assert near(title, f"{title} (Live)") is NONE


def test_a_number_in_front_is_the_songs_or_the_lists():
    assert near("Copper Lanterns", "07 - Copper Lanterns") is EXACT
    assert near("212", "07 - 212") is EXACT
    assert near("7 Rings", "7 Rings") is EXACT
    assert near("7 Rings", "Rings") is NONE
    assert near("212 - Somebody Remix", "Somebody Remix") is NONE
    assert score(Wanted("212 - Club Mix", "Nova Tide"), Heard("4:44 - Club Mix")).title == 0
    assert score(Wanted("Levels", "Avicii"), Heard("Levels - Live")).title_closeness is NONE


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("P.Y.T.", ("pyt",)),
        ("4:44", ("4", "44")),
        ("!!!", ("!!!",)),
        ("A$AP P!nk", ("asap", "pink")),
        ("Rock 'n' Roll", ("rock", "and", "roll")),
        ("\uff26\uff55ll\u200b Width", ("full", "width")),
        ("Straße Ærø İstanbul", ("strasse", "aero", "istanbul")),
        ("ガラス", ("ガラス",)),
        ("ｶﾞﾗｽ", ("ガラス",)),
        ("हिन्दी", ("हिन्दी",)),
        ("Ёлка", ("елка",)),
        ("", ()),
        ("\x00\u202e", ()),
    ],
)
def test_words(written, words):
    assert words_of(fold(written)) == words
