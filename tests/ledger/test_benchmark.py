"""The benchmark of the ledger measures what it says, and leaves right books."""

import uvloop

from benchmarks.ledger import emptied, measure, report


def test_entries_are_measured_beside_bare_inserts(addresses):
    with emptied(addresses.database_url) as url:
        rates = uvloop.run(measure(url, clients=4, rounds=2, seconds=0.1))
    assert {name: len(measured) for name, measured in rates.items()} == {"bare": 2, "tip": 2, "tip for four": 2}
    assert all(rate > 0 for measured in rates.values() for rate in measured)
    assert "of bare" in report(rates, 4)
