"""Real clients in Node.js: their packages, and servers for them."""

import asyncio
import fcntl
import hashlib
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from domain.accounts import Role
from explorer import build
from tests.serving import serving

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
INSTALLED_FROM = [HERE / name for name in (".npmrc", "package.json", "package-lock.json")]
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.clients)


@pytest.fixture(scope="session")
def node():
    """The Node.js that runs clients, with their packages installed."""
    try:
        found = build.find_node()
    except build.BuildError as error:
        pytest.skip(f"There is no Node.js: {error}")
    # One installation at a time; the lock ends with the process.
    lock = os.open(HERE, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        packages = hashlib.sha256(b"".join(path.read_bytes() for path in INSTALLED_FROM)).hexdigest()
        if build.read_stamp(MODULES) != packages:
            names = os.environ | {"PATH": os.pathsep.join([str(found.program.parent), os.environ.get("PATH", "")])}
            done = subprocess.run(
                [*found.npm, *INSTALL], cwd=HERE, env=names, capture_output=True, text=True, check=False
            )
            if done.returncode:
                pytest.skip(f"The clients' packages cannot be installed: {done.stderr[-500:]}")
            (MODULES / build.STAMP).write_text(packages, encoding="ascii")
    finally:
        os.close(lock)
    return found


@pytest.fixture(scope="session")
def run(node):
    """Run a script with what it is given, and give what it tells."""

    async def run(script, **given):
        process = await asyncio.create_subprocess_exec(
            str(node.program),
            str(HERE / script),
            json.dumps(given),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(30):
                told, fault = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, fault.decode()[:2000]
        return json.loads(told)

    return run


@pytest.fixture(scope="session")
async def strict(web, settings):
    """A server that runs trusted documents only."""
    async with serving(replace(settings, trusted_only=True)) as url:
        yield url


@pytest.fixture
async def developer(make):
    return await make.user("dev", roles=(Role.OPERATOR,))
