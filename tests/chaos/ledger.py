"""`python -m tests.chaos.ledger`: the ledger against its model, 5,000 runs of 50 steps; a line after each shard."""

import argparse
import tempfile
import time
from pathlib import Path

import hypothesis
import uvloop
from hypothesis.stateful import run_state_machine_as_test

from db import migrate
from db.session import connect
from integrations.embedded import hold
from tests.ledger.test_machine import Ledger, plan


class Counted(Ledger):
    """The machine, which counts how often it was run and how often the books were compared."""

    runs = steps = 0

    def teardown(self):
        super().teardown()
        type(self).runs += 1

    def compare(self):
        super().compare()
        type(self).steps += 1


def shard(runs, steps, seed):
    """Run so many runs that begin from one seed; raises what the machine finds."""
    hypothesis.seed(seed)(Counted)
    run_state_machine_as_test(Counted, settings=plan(runs, steps, shrink=False, derandomize=False))


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.ledger", description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--shard", type=int, default=250, help="runs from one seed (250)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each shard takes the next (1)")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backline-") as folder, hold(Path(folder) / "data") as addresses:
        migrate.upgrade(addresses.database_url)
        Counted.loop = uvloop.new_event_loop()
        Counted.engine = connect(addresses.database_url, pool_size=1, application="machine")
        for number, first in enumerate(range(0, asked.runs, asked.shard)):
            seed = asked.seed + number
            shard(min(asked.shard, asked.runs - first), asked.steps, seed)
            words = f"seed {seed}: {Counted.runs} runs, {Counted.steps} steps compared ({Counted.done} deeds done, "
            print(f"{words}{Counted.refused} refused), 0 differences, {time.monotonic() - began:.0f} s", flush=True)
        Counted.loop.run_until_complete(Counted.engine.dispose())


if __name__ == "__main__":
    main()
