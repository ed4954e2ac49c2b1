"""Reading histories needs no server: files in, plays out."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from integrations.history.read import HistoryFiles

REAL = Path(os.environ.get("SERATO_FILES", Path(__file__).parents[3] / "shared" / "data" / "serato"))


@pytest.fixture(scope="session")
def histories():
    return HistoryFiles()


@pytest.fixture(scope="session")
def read(histories):
    """Read bytes as a DJ in Berlin would send them."""

    def read_it(content, filename="set", zone="Europe/Berlin"):
        return histories.read(content, filename=filename, zone=ZoneInfo(zone))

    return read_it


@pytest.fixture(scope="session")
def real():
    """The bytes of a session that a real Serato wrote, by a part of its name."""
    if not REAL.is_dir():
        pytest.skip(f"There are no real files of Serato in {REAL}.")

    def find(part):
        (path,) = [path for path in REAL.iterdir() if part in path.name]
        return path.read_bytes()

    return find
