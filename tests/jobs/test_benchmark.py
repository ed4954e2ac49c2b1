"""The benchmark of jobs measures what it says: every job is done, by our worker and by arq's."""

import pytest
import uvloop

from benchmarks.jobs import OURS, STOCK, TUNED, measure, report, working
from benchmarks.ledger import emptied
from benchmarks.servers import environment


@pytest.mark.long
def test_jobs_are_measured_beside_stock_arq(addresses, tmp_path):
    with emptied(addresses.database_url) as url:
        settings = environment(url, addresses.redis_url, tmp_path)
        with working(settings, addresses.redis_url, tmp_path) as pids:
            figures = uvloop.run(measure(url, addresses.redis_url, pids, clients=4, rounds=2, jobs=8))
    assert {name: len(measured) for name, measured in figures.items()} == {OURS: 2, STOCK: 2, TUNED: 2}
    assert all(rate > 0 and cpu > 0 for measured in figures.values() for rate, cpu in measured)
    assert report(figures).count("ours x") == 2
