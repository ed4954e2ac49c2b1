from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from arq.connections import RedisSettings, create_pool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from integrations.embedded import EmbeddedError, hold, reset
from integrations.embedded.places import Places
from integrations.embedded.processes import alive
from tests.integrations.embedding import Holder, eventually, kill, one, read, running, served, sql, write

STRANGER = 12345
AS_STRANGER = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups")


@pytest.fixture
def data(tmp_path: Path):
    place = tmp_path / "data"
    yield place
    while Holder.started:
        Holder.started.pop().kill()
    eventually(lambda: not running(place))
    assert not Places.of(place).run.exists()


async def test_the_addresses_are_understood_by_the_libraries_that_use_them(data: Path):
    with hold(data) as addresses:
        engine = create_async_engine(addresses.database_url)
        async with engine.connect() as connection:
            ask = "select current_user, current_database(), current_setting('jit'), lower('ÄΣ'), version()"
            *facts, version = (await connection.execute(text(ask))).one()
        await engine.dispose()
        pool = await create_pool(RedisSettings.from_dsn(addresses.redis_url))
        settings = await pool.config_get("append*")
        await pool.aclose()
    assert facts == ["backline", "backline", "off", "äσ"]
    assert version.startswith("PostgreSQL 18.")
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")
    assert not running(data).keys() - {"supervisor"}


def test_data_is_kept_and_belongs_to_one_directory(data: Path, tmp_path: Path):
    other = tmp_path / "other checkout"
    with hold(data) as first, hold(other) as second:
        write(first, "here")
        write(second, "there")
        assert one(data, "postgres") != one(other, "postgres")
        assert one(data, "valkey-server") != one(other, "valkey-server")
    eventually(lambda: not running(other))
    with hold(data) as again:
        assert again == first
        assert read(again) == (["here"], ["here"])


def test_holders_share_and_the_last_one_stops_it(data: Path):
    holders = [Holder(data), Holder(data), Holder(data)]
    first, *others = [holder.addresses() for holder in holders]
    assert others == [first, first]
    before = {kind: one(data, kind) for kind in ("supervisor", "postgres", "valkey-server")}
    assert holders[0].let_go() == 0
    holders[1].kill()
    write(first, "still")
    assert {kind: one(data, kind) for kind in before} == before
    assert holders[2].let_go() == 0
    assert not running(data).keys() - {"supervisor"}


@pytest.mark.parametrize("kind", ["postgres", "valkey-server", "supervisor", "backend"])
def test_what_is_killed_comes_back_at_the_same_addresses(data: Path, kind: str):
    with hold(data) as addresses:
        write(addresses, "before")
        sql(addresses, "checkpoint")
        # Valkey promises a second; the word must have reached the disk before the kill.
        eventually(lambda: (data / "valkey/appendonlydir/appendonly.aof.1.incr.aof").stat().st_size > 50)
        victim = running(data)[kind][0]
        kill(victim)
        eventually(lambda: victim not in running(data).get(kind, [victim]) and served(addresses))
        write(addresses, "after")
        assert read(addresses) == (["before", "after"], ["before", "after"])
        assert all(one(data, server) for server in ("supervisor", "postgres", "valkey-server"))


def test_killed_holders_let_go(data: Path):
    holder = Holder(data)
    holder.addresses()
    assert running(data).keys() >= {"supervisor", "postgres", "valkey-server"}
    holder.kill()
    eventually(lambda: not running(data), 8)


def test_nothing_survives_a_massacre_but_the_data(data: Path):
    holder = Holder(data)
    addresses = holder.addresses()
    write(addresses, "committed")
    supervisor = one(data, "supervisor")
    holder.process.kill()
    kill(supervisor)
    holder.kill()
    eventually(lambda: not running(data), 8)
    holder = Holder(data)
    assert holder.addresses() == addresses
    holder.process.kill()
    for pids in running(data).values():
        for pid in pids:
            kill(pid)
    holder.kill()
    with hold(data) as again:
        assert read(again)[0] == ["committed"]


def test_a_stopped_supervisor_is_waited_for(data: Path):
    """A holder that comes while the last one's servers stop gets servers, not the closing door."""
    with hold(data) as addresses:
        write(addresses, "kept")
    results: list[object] = []
    for _ in range(3):
        threads = [threading.Thread(target=lambda: results.append(_held_once(data))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [["kept"]] * 6


def _held_once(data: Path) -> object:
    with hold(data) as addresses:
        return sql(addresses, "select array_agg(word) from kept")


def test_servers_are_out_of_reach_of_ctrl_c(data: Path):
    with hold(data):
        pids = [pid for pids in running(data).values() for pid in pids]
        assert len(pids) >= 3
        assert os.getsid(0) not in {os.getsid(pid) for pid in pids}
        assert os.getpgid(0) not in {os.getpgid(pid) for pid in pids}
        # And nobody but init would have to reap the supervisor.
        assert psutil.Process(one(data, "supervisor")).ppid() != os.getpid()


def test_a_long_path_gets_short_private_sockets(tmp_path: Path):
    data = tmp_path / ("a long, unplain näme " * 6) / "data"
    with hold(data) as addresses:
        write(addresses, "far")
        run = Places.of(data).run
        assert run.parent == Path("/tmp")
        assert (run.stat().st_mode & 0o777, run.stat().st_uid) == (0o700, os.geteuid())
        pids = [pid for pids in running(data).values() for pid in pids]
        assert [psutil.Process(pid).net_connections("inet") for pid in pids] == [[]] * len(pids)
    eventually(lambda: not running(data) and not run.exists())


def test_a_squatted_socket_directory_is_not_used(tmp_path: Path):
    data = tmp_path / ("deep" * 25)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = Places.of(data).run
    run.symlink_to(elsewhere)
    try:
        with pytest.raises(EmbeddedError, match=r"(?s)not a private directory.*"), hold(data):
            pass
        assert not list(elsewhere.iterdir())
    finally:
        run.unlink()


def test_leftovers_of_a_crash_do_not_matter(data: Path):
    with hold(data) as addresses:
        write(addresses, "kept")
    # As after a power cut, when other processes have been given the ids since.
    (data / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{data / 'postgres'}\n0\n5432\n\n\n0 0\nready\n")
    (data / "run").mkdir()
    (data / "run/.s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    (data / "run/control").write_text("")
    (data / "supervisor.lock").write_text(f"{os.getpid()}\n")
    (data / "postgres.new.half").mkdir()
    with (data / "valkey/appendonlydir/appendonly.aof.1.incr.aof").open("ab") as log:
        log.write(b"*3\r\n$5\r\nRPU")
    with hold(data) as again:
        assert read(again) == (["kept"], ["kept"])
    assert not (data / "postgres.new.half").exists()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(data: Path):
    with hold(data):
        pass
    settings = data / "postgres/postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r"(?s)PostgreSQL ended while starting.*postgres\.log.*no_such_setting"):
        hold(data).__enter__()
    eventually(lambda: not running(data))
    settings.write_text(good)
    with hold(data) as addresses:
        assert sql(addresses, "select 1") == 1


def test_foreign_and_older_data_is_refused(data: Path, tmp_path: Path):
    cluster = data / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "novel.txt").write_text("It was a dark night.")
    with pytest.raises(EmbeddedError, match="no PostgreSQL cluster"):
        hold(data).__enter__()
    (cluster / "PG_VERSION").write_text("13\n")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 13, and this is 18"):
        hold(data).__enter__()
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(EmbeddedError, match="Cannot create"):
        hold(file).__enter__()
    assert (cluster / "novel.txt").read_text() == "It was a dark night."


def test_reset_removes_what_nobody_holds(data: Path, tmp_path: Path):
    reset(data)
    with hold(data):
        with pytest.raises(EmbeddedError, match=r"in use \(1 holding it\)"):
            reset(data)
        assert one(data, "postgres")
    holder = Holder(data)
    holder.addresses()
    holder.kill()
    reset(data)
    assert not data.exists()
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(EmbeddedError, match="no data directory of Backline"):
        reset(photos)
    assert (photos / "cat.jpg").exists()


def test_the_older_postgres_runs_the_same_way(data: Path):
    with hold(data, postgres=16) as addresses:
        assert sql(addresses, "show server_version").startswith("16.")
        assert sql(addresses, "select lower('ÄÉ')") == "äé"


def test_a_zombie_is_dead():
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(child.pid)
    eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert process.is_running()
    assert not alive(process)
    child.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_root_without_user_namespaces_becomes_nobody_and_back(data: Path, tmp_path: Path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("setpriv", "sh"):
        (programs / name).symlink_to(shutil.which(name))
    tmp_path.chmod(0o700)
    for path, owners in ((os.environ["PATH"], {0}), (str(programs), {65534}), (os.environ["PATH"], {0})):
        holder = Holder(data, PATH=path)
        addresses = holder.addresses()
        write(addresses, "kept")
        assert psutil.Process(one(data, "postgres")).uids().real in owners
        assert {entry.stat().st_uid for entry in (data / "postgres").rglob("*")} == owners
        kill(one(data, "postgres"))
        eventually(lambda addresses=addresses: served(addresses))
        assert holder.let_go() == 0
    assert len(read_alone(data)) == 3


def read_alone(data: Path) -> list[str]:
    with hold(data) as addresses:
        return sql(addresses, "select array_agg(word) from kept")


@pytest.mark.skipif(os.geteuid() != 0, reason="tests run as an ordinary user already")
def test_an_ordinary_user_holds_too(tmp_path_factory: pytest.TempPathFactory):
    python, *rest = _python_of_everybody()
    home = Path("/tmp") / f"backline-test-{os.getpid()}"
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)
    data = home / "data"
    try:
        holder = Holder(data, before=(*AS_STRANGER, python), PYTHONPATH=os.pathsep.join(rest), HOME=str(home))
        addresses = holder.addresses()
        assert {psutil.Process(p).uids().real for pids in running(data).values() for p in pids} == {STRANGER}
        write(addresses, "mine")
        kill(one(data, "supervisor"))
        eventually(lambda: served(addresses))
        assert read(addresses) == (["mine"], ["mine"])
        assert holder.let_go() == 0
        eventually(lambda: not running(data))
        os.chown(data / "postgres", 0, 0)
        refused = Holder(data, before=(*AS_STRANGER, python), PYTHONPATH=os.pathsep.join(rest), HOME=str(home))
        assert refused.let_go() != 0
    finally:
        shutil.rmtree(home)


def _python_of_everybody() -> list[str]:
    """A Python that an ordinary user may run, and the path on which it finds what we need; skip if there is none."""
    path = [str(Path(__file__).resolve().parents[2]), *(entry for entry in sys.path if entry.endswith("site-packages"))]
    environment = {"PYTHONPATH": os.pathsep.join(path), "PATH": os.environ["PATH"]}
    version = f"python3.{sys.version_info.minor}"
    # It has to be able to start itself again: setpriv's own step reaches further than what it starts.
    again = "import subprocess as s, sys; s.run([sys.executable, '-c', 'import integrations.embedded'], check=True)"
    for python in filter(None, (sys.executable, f"/usr/bin/{version}", shutil.which(version))):
        trial = (*AS_STRANGER, python, "-c", again)
        if subprocess.run(trial, env=environment, capture_output=True, check=False).returncode == 0:
            return [python, *path]
    pytest.skip("no Python here that another user could run")
