"""`python -m benchmarks.chart`: the results as a picture for the README, which needs no script and no font of ours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.results import FILE as RESULTS
from benchmarks.results import Results, read
from benchmarks.servers import BACKLINE, LIMIT

FILE: Final = Path(__file__).parent.parent / "docs" / "speed.svg"
WIDTH: Final = 760
MARGIN: Final = 24
NAMES_WIDTH: Final = 116
LABEL_WIDTH: Final = 168
BAR: Final = 18
STEP: Final = 25
HEAD: Final = 66
TITLE: Final = 34
FOOT: Final = 40
SHOWN: Final = {
    "mercurius": "Mercurius",
    "graphql-yoga": "Yoga",
    "postgraphile": "PostGraphile",
    "strawberry-graphql": "Strawberry",
}
STYLE: Final = """
    .card { fill: #ffffff; stroke: #d8dee6 } text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2730 }
    .big { font-size: 17px; font-weight: 600 } .title { font-weight: 600 } .quiet { fill: #5b6672; font-size: 12px }
    .end { text-anchor: end } .ours { fill: #6d3fd4 } .peer { fill: #a9b4c0 } .limit { fill: #dfe5eb; stroke: #a9b4c0 }
    .spread { stroke: #1f2730; stroke-width: 1.5; stroke-opacity: .7 } .strong { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .card { fill: #12161c; stroke: #2c343e } text { fill: #e4e9ef } .quiet { fill: #97a3b0 }
      .ours { fill: #a582ff } .peer { fill: #5a6673 } .limit { fill: #232a33; stroke: #5a6673 } .spread { stroke: #e4e9ef }
    }
"""


def draw(results: Results) -> str:
    """Draw a bar for each server and operation: how many requests a second one process on one core answers."""
    parts: list[str] = []
    top = HEAD
    for operation in results["operations"]:
        parts += panel(operation, top)
        top += TITLE + STEP * len(operation["servers"]) + 16
    height = top + FOOT
    load = results["load"]
    core = "on one core" if results["machine"]["pinned"] else "not pinned to a core"
    said = (
        f"Medians of {load['rounds']} alternating rounds with their quartiles, {load['connections']} connections, each signed in; "
        "beside the bars: CPU per request."
    )
    versions = ", ".join(versions_of(results))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
            "  <title>Requests per second of Backline and its peers</title>",
            f"  <desc>{escape(' '.join(described(results)))}</desc>",
            f"  <style>{STYLE}  </style>",
            f'  <rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>',
            text(MARGIN, 32, f"Requests per second, one process {core}", "big"),
            text(MARGIN, 52, "The same data in the same PostgreSQL, the same answers", "quiet"),
            *parts,
            text(MARGIN, top + 6, said, "quiet"),
            text(MARGIN, top + 24, versions, "quiet"),
            "</svg>\n",
        )
    )


def panel(operation: Results, top: int) -> Iterator[str]:
    """The bars of one operation."""
    servers = operation["servers"]
    most = max(found["rate"][2] for found in servers.values())
    room = WIDTH - 2 * MARGIN - NAMES_WIDTH - LABEL_WIDTH
    yield text(MARGIN, top + 18, operation["name"], "title")
    yield text(WIDTH - MARGIN, top + 18, f"{operation['bytes'] / 1000:,.1f} kB of data", "quiet end")
    for place, (name, found) in enumerate(sorted(servers.items(), key=lambda item: -item[1]["rate"][1])):
        lower, middle, upper = (value / most * room for value in found["rate"])
        left, y = MARGIN + NAMES_WIDTH, top + TITLE + place * STEP
        kind = {BACKLINE: "ours", LIMIT: "limit"}.get(name, "peer")
        strong = " strong" if name == BACKLINE else ""
        cpu = found["cpu_ms"]
        figure = f"{found['rate'][1]:,.0f}" + ("" if cpu is None else f"   {cpu[1]:.3g} ms")
        yield text(left - 10, y + 13, name, f"end{strong}")
        yield f'  <rect class="{kind}" x="{left}" y="{y}" width="{max(middle, 1):.1f}" height="{BAR}" rx="2"/>'
        yield (
            f'  <line class="spread" x1="{left + lower:.1f}" x2="{left + upper:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}"/>'
        )
        yield text(left + max(middle, upper) + 10, y + 13, figure, f"figure{strong}")


def text(x: float, y: float, content: str, kind: str) -> str:
    """A line of text."""
    return f'  <text class="{kind}" x="{x:.1f}" y="{y:.1f}" xml:space="preserve">{escape(content)}</text>'


def described(results: Results) -> Iterator[str]:
    """The figures for those who do not see the picture."""
    for operation in results["operations"]:
        figures = ", ".join(f"{name} {found['rate'][1]:,.0f}" for name, found in operation["servers"].items())
        yield f"{operation['name']}: {figures} requests per second."


def versions_of(results: Results) -> Iterator[str]:
    """What ran, in short."""
    machine = results["machine"]
    yield f"Python {machine['python']}"
    if "node" in machine:
        yield f"Node.js {machine['node'].removeprefix('v')}"
    for name, shown in SHOWN.items():
        if name in machine["packages"]:
            yield f"{shown} {machine['packages'][name]}"


def main() -> int:
    """Draw the results that are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chart", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=RESULTS, help="the file of results")
    parser.add_argument("chart", nargs="?", type=Path, default=FILE, help="where the picture goes")
    asked = parser.parse_args()
    asked.chart.write_text(draw(read(asked.results)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
