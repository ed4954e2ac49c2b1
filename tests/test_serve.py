"""Keeping processes running together: small stand-ins that die and disobey when told to, then the whole server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

import serve
from settings import Settings, SettingsRefused
from tests.integrations.embedding import eventually, running

ROOT = Path(__file__).parent.parent
NAMES = ("worker", "web", "demo")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    with started(folder, "tests.standins", str(folder), str(free_port()), *more) as process:
        yield process


@contextmanager
def started(folder: Path, *module: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command, environment = (sys.executable, "-m", *module), os.environ | environment
    with (folder / "words").open("wb") as words:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=words, stderr=words, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def words(folder: Path) -> str:
    return (folder / "words").read_text()


def up(folder: Path) -> bool:
    return "Backline is up" in words(folder) and (folder / "demo").exists()


def pids(folder: Path) -> dict[str, int]:
    return {name: int((folder / name).read_text()) for name in NAMES}


def lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(tmp_path: Path, number: signal.Signals):
    with serving(tmp_path) as server:
        eventually(lambda: up(tmp_path))
        started = pids(tmp_path)
        assert (tmp_path / "seed").read_text() == "done"
        assert all(lives(pid) for pid in started.values())
        # To the whole group, as a terminal does with Ctrl-C: only serve itself may hear it.
        os.killpg(server.pid, number)
        assert server.wait(10) == 0
    assert not any(lives(pid) for pid in started.values())
    assert (tmp_path / "left").read_text().split() == ["demo", "worker"]


def test_the_banner_says_where_to_go(tmp_path: Path):
    with serving(tmp_path):
        eventually(lambda: up(tmp_path))
        assert "/graphql" in words(tmp_path)
        assert str(tmp_path) in words(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_who_dies_is_started_again(tmp_path: Path, name: str):
    with serving(tmp_path) as server:
        eventually(lambda: up(tmp_path))
        before = pids(tmp_path)
        (tmp_path / "seed").write_text("once")
        os.kill(before[name], signal.SIGKILL)
        eventually(lambda: pids(tmp_path)[name] != before[name])
        after = pids(tmp_path)
        assert {other: after[other] for other in NAMES if other != name} == {
            other: before[other] for other in NAMES if other != name
        }
        # What goes before is not done again.
        assert (tmp_path / "seed").read_text() == "once"
        server.terminate()
        assert server.wait(10) == 0
    assert not any(lives(pid) for pid in after.values())


def test_a_second_signal_hurries(tmp_path: Path):
    (tmp_path / "deaf").touch()
    with serving(tmp_path) as server:
        eventually(lambda: up(tmp_path))
        started = pids(tmp_path)
        began = time.monotonic()
        server.send_signal(signal.SIGINT)
        eventually((tmp_path / "left").exists)
        assert server.poll() is None
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        assert time.monotonic() - began < serve.GRACE_SECONDS / 2
    assert not any(lives(pid) for pid in started.values())


def test_nobody_outlives_a_killed_parent(tmp_path: Path):
    with serving(tmp_path) as server:
        eventually(lambda: up(tmp_path))
        started = pids(tmp_path)
        server.kill()
        server.wait()
        eventually(lambda: not any(lives(pid) for pid in started.values()), 5)


def test_what_cannot_run_ends_it_all(tmp_path: Path):
    with serving(tmp_path, "broken") as server:
        assert server.wait(30) == 1
        assert f"worker ended {serve.MOST_FAILURES} times in a row (the last time with 3)" in words(tmp_path)
        assert not lives(int((tmp_path / "web").read_text()))


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {"PORT": str(port), "BACKLINE_DEMO": "1", "BACKLINE_DATA": str(tmp_path)}
        with pytest.raises(SettingsRefused, match=f"Port {port} on 127.0.0.1 cannot be listened on .* PORT={port + 1}"):
            serve.serve(Settings.from_environment(environment))
    assert not (tmp_path / "supervisor.lock").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.long)])
def test_the_whole_server_answers_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals):
    data, port = tmp_path / "data", str(free_port())
    # Empty is unset: what the machine names is none of this test's.
    unset = {"DATABASE_URL": "", "REDIS_URL": "", "QUEUE_URL": "", "PUBLIC_URL": ""}
    given = {"BACKLINE_DEMO": "1", "BACKLINE_DATA": str(data), "HOST": "127.0.0.1", "PORT": port}
    given |= {"SANDBOX_PORT": str(free_port()), "SANDBOX_MAIL_PORT": str(free_port())}
    with started(tmp_path, "cli", "serve", **unset, **given) as server:
        eventually(lambda: server.poll() is not None or "Backline is up" in words(tmp_path), 90)
        assert server.poll() is None, words(tmp_path)
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        children = [child.pid for child in psutil.Process(server.pid).children(recursive=True)]
        assert len(children) >= 3
        assert running(data).keys() >= {"supervisor", "postgres", "valkey-server"}
        server.send_signal(number)
        assert server.wait(30) == (0 if number == signal.SIGINT else -number)
        if number == signal.SIGINT:
            # Told to stop, it has waited for everybody; only the supervisor may still be on its way out.
            assert not running(data).keys() - {"supervisor"}
        eventually(lambda: not running(data) and not any(lives(pid) for pid in children))
