"""A process that has imported the product once, and whose forks are the servers that tests start and kill.

To import it takes a core two seconds, and some hundred servers are started. They share nothing with it but the code:
each has an environment, files, a loop and connections of its own. `tests.fleet` is its near side.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback

import cli
from jobs import worker


def main(line):
    """The far side: fork when asked, say who ended and how; when nobody is there to ask, end with all."""
    # None of it is for a collector in a child to walk through.
    gc.collect()
    gc.freeze()
    woken, waking = socket.socketpair()
    for end in (woken, waking):
        end.setblocking(False)
    signal.set_wakeup_fd(waking.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Ctrl-C is for the tests to hear: their end is this one's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    looking, alive, told = selectors.DefaultSelector(), set(), (b"", [])
    for end in (woken, line):
        looking.register(end, selectors.EVENT_READ)
    while True:
        ready = [key.fileobj for key, _ in looking.select()]
        if line in ready:
            more, files, _, _ = socket.recv_fds(line, 65536, 1)
            if not more:
                break
            told = told[0] + more, [*told[1], *files]
            if told[0].endswith(b"\n"):
                pid = fork(json.loads(told[0]), told[1], (line, woken, waking, looking))
                alive.add(pid)
                say(line, pid=pid)
                told = b"", []
        if woken in ready:
            woken.recv(4096)
            for pid in ended(alive):
                alive.remove(pid[0])
                say(line, pid=pid[0], status=pid[1])
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def say(line, **said):
    line.sendall(json.dumps(said).encode() + b"\n")


def ended(alive):
    """Who ended, and how, as `subprocess` says it."""
    for pid in list(alive):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            yield pid, os.waitstatus_to_exitcode(status)


def fork(told, files, ours):
    """Be a parent once more; the child does not return."""
    pid = os.fork()
    if pid:
        for file in files:
            os.close(file)
        return pid
    status = 1
    try:
        status = live(told, files, ours)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - said as the interpreter would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)


def live(told, files, ours):
    """Be a server, as if begun with nothing but its environment."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for each in ours:
        each.close()
    (log,) = files or [os.open(os.devnull, os.O_WRONLY)]
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    sys.argv = ["backline", told["command"]]
    return worker.main() if told["command"] == "worker" else cli.main()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
