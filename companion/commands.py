"""What can be typed: `backline companion pair` and `backline companion watch`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from companion.kept import default_folder, load, save
from companion.post import pair, read_address
from companion.watch import Watch
from domain.errors import DomainError, InvalidInput


def main() -> int:
    """Run what was typed behind `python -m companion`."""
    typed = argparse.ArgumentParser(prog="backline companion", description=__doc__)
    add_to(typed)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return run(typed.parse_args())


def add_to(companion: argparse.ArgumentParser) -> None:
    """Say what can be typed."""
    deeds = companion.add_subparsers(dest="deed", required=True, metavar="DEED")
    pairing = deeds.add_parser("pair", help="connect this machine with your account, by a code")
    pairing.add_argument("code", help="the code that `pairCompanion` gave")
    pairing.add_argument("--server", required=True, help="the server's address, such as https://backline.example")
    pairing.add_argument("--name", help="what to call this machine, if not what you called it there")
    watching = deeds.add_parser("watch", help="send each history in a folder when it changes")
    watching.add_argument("directory", type=Path, help="such as the folder _Serato_/History")
    watching.add_argument("--zone", help="where you are, such as Europe/Berlin, if this machine does not say")
    for each in (pairing, watching):
        each.add_argument("--folder", type=Path, help=f"where the companion keeps its key ({default_folder()})")


def run(arguments: argparse.Namespace) -> int:
    """Run one of them; what goes wrong is one sentence."""
    try:
        place = arguments.folder or default_folder()
        return run_pair(arguments, place) if arguments.deed == "pair" else run_watch(arguments, place)
    except DomainError as fault:
        print(f"backline companion: {fault.message}", file=sys.stderr)
    except OSError as fault:
        print(f"backline companion: {fault}", file=sys.stderr)
    return 1


def run_pair(arguments: argparse.Namespace, place: Path) -> int:
    """Pair this machine."""
    kept = pair(read_address(arguments.server), arguments.code, arguments.name)
    save(place, kept)
    print(f"Paired as {kept.companion_id}. Now run `backline companion watch DIR`.")
    return 0


def run_watch(arguments: argparse.Namespace, place: Path) -> int:
    """Watch a folder until we are told to end."""
    if not arguments.directory.is_dir():
        raise InvalidInput(f"There is no folder {arguments.directory}.")
    watch = Watch(arguments.directory, load(place), place, zone_here(arguments.zone))

    def end(_number: int, _frame: FrameType | None) -> None:
        watch.ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    print(f"Watching {arguments.directory}.", flush=True)
    watch.run()
    return 0


def zone_here(given: str | None) -> str:
    """Name the time zone of this machine.

    Raises:
        InvalidInput: There is no zone of this name, or the machine does not say.
    """
    name = given or os.environ.get("TZ", "").lstrip(":") or _linked()
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"Say where you are, such as --zone Europe/Berlin; {name or 'nothing'} is no zone."
        ) from None


def _linked() -> str:
    try:
        found = str(Path("/etc/localtime").readlink()).partition("zoneinfo/")[2]
    except OSError:
        found = ""
    return found if found or sys.platform == "win32" else "UTC"
