"""The companion as people run it: a process of its own beside a folder."""

import asyncio
import json
import os
import signal
import sqlite3
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import cli
from db.tables import Companion, PlayImport
from tests.client import operation
from tests.plays.conftest import EVENING, REVOKE, entry, evening, session

ROOT = Path(__file__).parents[2]
PAIR = operation("PairCompanion")
WITHIN = 40.0


class Program:
    """Runs `backline companion ...` with a home of its own."""

    def __init__(self, home, url):
        self.home, self.url, self.running = home, url, []
        self.config = home / "config"
        self.folder = home / "History"
        self.folder.mkdir(parents=True)

    async def start(self, *arguments):
        names = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TZ": "Europe/Berlin", "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "companion", *map(str, arguments)),
            cwd=self.home,
            env=names,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self.running.append(process)
        return process

    async def run(self, *arguments):
        """Run to its end; gives the status and what it said."""
        process = await self.start(*arguments)
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN)
        return process.returncode, said.decode()

    async def pair(self, code, *more):
        return await self.run("pair", code, "--server", self.url, "--folder", self.config, *more)

    async def watch(self):
        process = await self.start("watch", self.folder, "--folder", self.config)
        line = await asyncio.wait_for(process.stdout.readline(), WITHIN)
        assert line.startswith(b"Watching"), line + await process.stdout.read()
        return process

    async def end(self, process):
        """End it as a system does; gives the status."""
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 15)
        return process.returncode

    def kept(self):
        return json.loads((self.config / "companion.json").read_text())


@pytest.fixture
async def program(tmp_path, booth):
    made = Program(tmp_path, booth.url)
    yield made
    for process in made.running:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(check, within=WITHIN):
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not (found := await check()):
            await asyncio.sleep(0.1)
    return found


async def test_it_pairs_watches_and_sends_what_grows(program, booth, api, make):
    dj = await make.user("dj")
    code = (await api(dj).do(PAIR, name="Booth laptop"))["secret"]
    status, said = await program.pair("00000-00000")
    assert (status, program.config.exists()) == (1, False)
    assert "no such code" in said
    status, said = await program.pair(code)
    assert (status, "Paired as companion_" in said) == (0, True)
    assert stat.S_IMODE((program.config / "companion.json").stat().st_mode) == 0o600
    assert program.kept()["key"] not in said
    path = program.folder / "Sessions" / "7.session"
    path.parent.mkdir()
    path.write_bytes(session(entry(1, "Roses", EVENING)))
    (program.folder / "notes.md").write_text("not a history")
    (program.folder / "groceries.txt").write_text("milk")
    watching = await program.watch()

    async def rows():
        return await booth.rows(dj)

    await until(rows)
    ended = entry(1, "Roses", EVENING, ended=EVENING + timedelta(minutes=3))
    path.write_bytes(session(ended, entry(2, "Yebo", EVENING + timedelta(minutes=3), deck=2)))

    async def both():
        found = await booth.rows(dj)
        return len(found) == 2 and found[0].ended_at is not None

    await until(both)
    assert await program.end(watching) == 0
    kept = program.kept()
    assert {Path(name).name for name in kept["sent"]} >= {"7.session"}
    assert {row.trust.value for row in await booth.rows(dj)} == {"SIGNED"}
    assert await make.count(PlayImport) == 2


async def test_it_takes_up_its_number_again_and_ends_when_it_was_revoked(program, booth, api, make):
    dj = await make.user("dj")
    made = await api(dj).do(PAIR, name="Booth laptop")
    await program.pair(made["secret"])
    await booth.sql("UPDATE companions SET counter = 1000")
    watching = await program.watch()
    with sqlite3.connect(program.folder / "other.sqlite") as database:
        database.execute("CREATE TABLE t (a)")
    (program.folder / "1.session").write_bytes(evening())

    async def rows():
        return await booth.rows(dj)

    assert len(await until(rows)) == 3
    assert await make.count(Companion, Companion.counter == 1001) == 1
    await api(dj).do(REVOKE, companionId=made["companion"]["id"])
    (program.folder / "2.session").write_bytes(evening(("Late",), first_row=50))
    said, _ = await asyncio.wait_for(watching.communicate(), WITHIN)
    assert (watching.returncode, b"revoked" in said) == (1, True)
    assert len(await booth.rows(dj)) == 3


async def test_it_says_in_one_sentence_what_is_missing(program):
    status, said = await program.run("watch", program.folder, "--folder", program.config)
    assert (status, said.count("\n")) == (1, 1)
    assert "not paired" in said
    status, said = await program.run("pair", "x", "--server", "http://backline.example", "--folder", program.config)
    assert (status, "https" in said) == (1, True)


def test_the_command_of_the_server_is_the_same_program(program, monkeypatch, capsys):
    typed = ["backline", "companion", "watch", str(program.folder), "--folder", str(program.config)]
    monkeypatch.setattr(sys, "argv", typed)
    assert cli.main() == 1
    assert "not paired" in capsys.readouterr().err
