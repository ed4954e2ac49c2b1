"""Makes pairs of names whose meaning is known: songs and people written in the ways in which people write them."""

from random import Random

from domain.scoring.words import Heard, Wanted
from tests.scoring.model import Meant

SONGS = [
    "Borderline Summer", "Copper Lanterns", "99 Harbours", "4:44", "Déjà Rêvé", "!!!", "Ночной город", "夜の電車", "Paper & Stone",
    "Don't Wake the River", "The Long Goodnight", "Changes, Pt. 2", "Changes, Pt. 3", "Strobelight Serenade", "Größenwahn", "212",
]  # fmt: skip
SLIPPERY = {"Borderline Summer", "Copper Lanterns", "Strobelight Serenade", "The Long Goodnight"}
PEOPLE = [
    "Nova Tide", "Röd Måne", "DJ Kestrel", "The Paper Foxes", "M.O.S.S.", "Ámbar", "Level 77", "Кедр", "Quietus", "Zofia Wren",
]  # fmt: skip
VERSIONS = {
    "nova remix": ["(Nova Remix)", " - Nova Remix", "[nova rmx]"],
    "kestrel remix": ["(Kestrel Remix)", " - Kestrel Re-Mix", "[KESTREL REMIX]"],
    "live": ["(Live)", " - Live", "[live version]"],
    "instrumental": ["(Instrumental)", " - Instrumental", "(Inst.)"],
    "acapella": ["(Acapella)", "(A Cappella)", " - Acappella"],
    "vip": ["(VIP)", "[V.I.P.]", " - VIP Mix"],
    "sped up": ["(Sped Up)", " - sped up version", "(Speed Up)"],
    "radio edit": ["(Radio Edit)", " - Radio Edit", "[Radio Mix]"],
    "club mix": ["(Club Mix)", " - Club Mix", "(Club Edit)"],
    None: [
        "",
        "",
        "",
        "(Original Mix)",
        " - Original Mix",
        "(Remastered 2011)",
        "[Explicit]",
        "(Extended Mix)",
        "(Official Audio)",
    ],
}
BETWEEN = [" & ", ", ", " and ", " x ", " vs. ", " / ", " + "]
ISRCS = ["GBAYE0601498", "USRC17607839", "FRZ039100001"]
LENGTHS = [180_000, 182_000, 182_001, 185_000, 185_001, 178_000, 177_999, 175_000, 174_999, 240_500]


def meaning(random, near=None):
    """Something that can be meant; `near` another one, mostly, so that agreement is not rare."""
    keep = (lambda: random.random() < 0.65) if near else (lambda: False)
    song = near.song if near and keep() else random.choice(SONGS)
    people = random.sample(PEOPLE, random.choice((1, 1, 2, 3)))
    guest = frozenset(people[1:]) if random.random() < 0.3 else frozenset()
    main = near.main if near and keep() else frozenset(people) - guest
    return Meant(
        song=song,
        version=near.version if near and keep() else random.choice(list(VERSIONS)),
        slip=song in SLIPPERY and random.random() < 0.1,
        main=main,
        guests=(near.guests if near and keep() else guest) - main,
        isrc=random.choice([*ISRCS, None, None]),
        milliseconds=random.choice([*LENGTHS, None]),
    )


def write_title(random, meant, *, with_guests):
    """One way to write a title."""
    name = random.choice((str, str, str.upper, str.lower))(slipped(meant.song) if meant.slip else meant.song)
    mark = random.choice(VERSIONS[meant.version])
    guests = (
        random.choice((" (feat. {})", " ft. {}", " [featuring {}]")).format(joined(random, meant.guests))
        if with_guests
        else ""
    )
    return f"{name}{guests}{mark if mark.startswith(' ') else ' ' + mark}".strip()


def slipped(song):
    """Double the third letter."""
    return song[:3] + song[2] + song[3:]


def joined(random, people):
    names = sorted(people)
    random.shuffle(names)
    return random.choice(BETWEEN).join(random.choice((str, str.upper))(name) for name in names)


def write(random, meant):
    """One way to write a title and an artist."""
    in_title = bool(meant.guests) and random.random() < 0.5
    title = write_title(random, meant, with_guests=in_title)
    artist = joined(random, meant.main)
    if meant.guests and not in_title:
        artist += random.choice((" feat. ", " ft ", " featuring ")) + joined(random, meant.guests)
    habit = random.random()
    if habit < 0.1 and " - " not in title:
        return f"{artist} - {title}.mp3", None
    if habit < 0.2:
        title = random.choice(("03 - ", "03. ", "B1. ")) + title
    elif habit < 0.25:
        title = f"{title} [www.example.com]"
    return title, artist


def pair(random):
    """A requirement, a play, and what was meant by each."""
    one = meaning(random)
    other = meaning(random, near=one)
    if not other.guests and random.random() < 0.05:
        other = Meant(other.song, other.version, other.slip, frozenset(), frozenset(), other.isrc, other.milliseconds)
        heard_title = write_title(random, other, with_guests=False)
        while " - " in heard_title:
            heard_title = write_title(random, other, with_guests=False)
        heard_artist = random.choice((None, "", "Unknown Artist"))
    else:
        heard_title, heard_artist = write(random, other)
    wanted_artist = joined(random, one.main) + (f" feat. {joined(random, one.guests)}" if one.guests else "")
    wanted = Wanted(write_title(random, one, with_guests=False), wanted_artist, one.isrc, seconds(one))
    return wanted, Heard(heard_title, heard_artist, spelt(random, other.isrc), seconds(other)), one, other


def seconds(meant):
    return meant.milliseconds / 1000 if meant.milliseconds else None


def spelt(random, isrc):
    """An ISRC as tags have it."""
    if isrc is None:
        return random.choice((None, None, "", "none"))
    return random.choice((isrc, isrc.lower(), f"{isrc[:2]}-{isrc[2:5]}-{isrc[5:7]}-{isrc[7:]}", f"ISRC {isrc}"))


def pairs(seed, count):
    random = Random(seed)
    for _ in range(count):
        yield pair(random)
