"""`python -m benchmarks.history`: how fast history files are read and how much memory that takes, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from integrations.history.read import HistoryFiles
from tests.history import writers_decks as decks
from tests.history import writers_serato as serato

BEGAN: Final = 1_600_000_000
COLUMNS: Final = ("name", "artist", "start time", "end time", "playtime", "deck", "album", "bpm", "key")
STATUS: Final = Path("/proc/self/status")


def serato_rows(count: int) -> list[dict[str, object]]:
    """Plays as Serato keeps them: four minutes each, on two decks in turn, with the tags of a bought track."""
    return [
        {
            "row": at, "path": f"/Users/dj/Music/Downloads/2024/An Artist {at % 3000}/A Track {at % 9000} (Original Mix).mp3",
            "title": f"A Track {at % 9000} (Original Mix)", "artist": f"An Artist {at % 3000}", "album": f"An Album {at % 5000}",
            "bpm": 100 + at % 60, "start": BEGAN + 240 * at, "end": BEGAN + 240 * at + 255, "deck": 1 + at % 2, "seconds": 255,
            "session": 1 + at // 60, "played": 1, "key": "F#m", "updated": BEGAN + 240 * at + 255,
        }
        for at in range(count)
    ]  # fmt: skip


def unread_fields() -> bytes:
    """What a session has beside that: as many fields again, which nobody here reads."""
    texts = {
        9: "Deep House",
        11: "9.4MB",
        13: "320.0kbps",
        14: "44.1k",
        17: "bought in 2021, see the mail",
        21: "A Label",
    }
    flags, numbers = b"".join(serato.field(at, b"\1") for at in (39, 52, 70)), (68, 69, 72, 78)
    written = b"".join(serato.field(at, serato.words(text)) for at, text in texts.items())
    return written + flags + b"".join(serato.field(at, bytes(4)) for at in numbers) + serato.field(16, bytes(8))


def session(count: int, _folder: Path) -> bytes:
    extra = unread_fields()
    return serato.version() + b"".join(serato.entry(row, wide=True, extra=extra) for row in serato_rows(count))


def comma_list(count: int, _folder: Path) -> bytes:
    day = decks.wall("2020-09-13 12:00")
    rows: list[tuple[str, ...]] = [(f"{day:%Y-%m-%d}", "", f"{day:%H:%M:%S}", *[""] * 6)]
    for at, row in enumerate(serato_rows(count)):
        began = day + timedelta(seconds=240 * at)
        clocks = (f"{began:%H:%M:%S}", f"{began + timedelta(seconds=255):%H:%M:%S}", "00:04:15")
        tags = (str(row["album"]), str(row["bpm"]), str(row["key"]))
        rows.append((str(row["title"]), str(row["artist"]), *clocks, str(row["deck"]), *tags))
    return serato.comma_list(COLUMNS, rows)


def database(count: int, folder: Path) -> bytes:
    names = {"row": "id", "title": "name", "artist": "artist", "album": "album", "bpm": "bpm", "start": "start_time"}
    names |= {"deck": "deck", "session": "session_id", "played": "played", "key": "key", "path": "portable_id"}
    return serato.database(folder, [{names[name]: row[name] for name in names} for row in serato_rows(count)])


def playlist(count: int, _folder: Path) -> bytes:
    lines = [f"#EXTINF:255,{row['artist']} - {row['title']}\n{row['path']}\n" for row in serato_rows(count)]
    return ("#EXTM3U\n" + "".join(lines)).encode()


def deck_file(write: Callable[[list[decks.Played]], bytes]) -> Callable[[int, Path], bytes]:
    return lambda count, _folder: write(decks.night(count, start="2015-01-01 20:00"))


MAKERS: Final[dict[str, Callable[[int, Path], bytes]]] = {
    "Serato session": session,
    "Serato CSV": comma_list,
    "Serato 4 database": database,
    "M3U": playlist,
    "rekordbox list": deck_file(decks.rekordbox_text),
    "Traktor NML": deck_file(decks.traktor_history),
    "VirtualDJ M3U": deck_file(decks.virtualdj_list),
    "Engine DJ database": deck_file(lambda plays: decks.engine_database({"A set": plays})),
}


def resident(what: str) -> int:
    """Bytes of this process in memory: now (`VmRSS`) or at most (`VmHWM`)."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    return 0


def read_one(path: str, rounds: int) -> dict[str, float]:
    """Read a file so often: the median of the time on the processor, and by how much the first reading made the process grow at its peak."""
    content, times, zone = Path(path).read_bytes(), [], ZoneInfo("Europe/Berlin")
    Path("/proc/self/clear_refs").write_text("5")  # Begins VmHWM anew: a child is born with its parent's.
    before, peak, plays = resident("VmRSS"), 0, 0
    for turn in range(rounds):
        began = time.process_time()
        history = HistoryFiles().read(content, filename="set", zone=zone)
        times.append(time.process_time() - began)
        peak, plays = peak if turn else resident("VmHWM"), len(history.plays)
        del history
    return {"bytes": len(content), "seconds": median(times), "plays": plays, "memory": peak - before}


def measure(name: str, count: int, rounds: int, folder: Path) -> str:
    """Write a file, read it in a child, and say in a line how that went."""
    path = folder / "history"
    path.write_bytes(MAKERS[name](count, folder))
    command = [sys.executable, "-m", "benchmarks.history", "--read", str(path), "--rounds", str(rounds)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    size, seconds, plays, memory = told["bytes"] / 1e6, told["seconds"], told["plays"], told["memory"] / 1e6
    speed = f"{seconds:>7.2f} s{size / seconds:>8.1f} MB/s{plays / seconds:>10,.0f} plays/s"
    return f"{name:<20}{plays:>8,} plays{size:>7.1f} MB{speed}{memory:>8.1f} MB more{memory / size:>6.1f} x the file"


def main() -> int:
    """Measure and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    made.add_argument("--plays", type=int, default=50_000, help="how many in each file (50000)")
    made.add_argument("--rounds", type=int, default=5, help="readings of each (5)")
    made.add_argument("--formats", nargs="+", default=list(MAKERS), choices=list(MAKERS), help="which (all)")
    made.add_argument("--read", help=argparse.SUPPRESS)
    asked = made.parse_args()
    if asked.read:
        print(json.dumps(read_one(asked.read, asked.rounds)))
        return 0
    print(
        f"Median CPU of {asked.rounds} readings in a process each; memory beyond the file's own bytes; {os.cpu_count()} cores."
    )
    with tempfile.TemporaryDirectory(prefix="backline-bench-") as folder:
        for name in asked.formats:
            print(measure(name, asked.plays, asked.rounds, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
