"""Runs `serve.run` on small stand-in processes: `python -m tests.standins FOLDER PORT [BROKEN]`.

Each writes its process id to a file of its name in the folder. The web stand-in answers every request with 200.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

import serve
from settings import Settings

WAIT = """
import os, pathlib, signal, sys, time
file = pathlib.Path(sys.argv[1])
def leave(*_):
    with (file.parent / 'left').open('a') as left:
        left.write(file.name + '\\n')
    if not (file.parent / 'deaf').exists():
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
whole = file.with_suffix('.new')
whole.write_text(str(os.getpid()))
whole.replace(file)
while True:
    time.sleep(0.05)
"""
WEB = """
import os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Yes(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = HTTPServer(('127.0.0.1', int(os.environ['PORT'])), Yes)
file = pathlib.Path(sys.argv[1])
whole = file.with_suffix('.new')
whole.write_text(str(os.getpid()))
whole.replace(file)
server.serve_forever()
"""
SEED = "import pathlib, sys, time; time.sleep(0.3); pathlib.Path(sys.argv[1]).write_text('done')"
BROKEN = "raise SystemExit(3)"


def main() -> int:
    folder, port, *broken = sys.argv[1:]

    def command(code: str, name: str) -> tuple[str, ...]:
        return (sys.executable, "-c", code, str(Path(folder) / name))

    parts = [
        serve.Part("worker", command(BROKEN if broken else WAIT, "worker")),
        serve.Part("web", command(WEB, "web")),
        serve.Part("demo", command(WAIT, "demo"), before=command(SEED, "seed")),
    ]
    environment = {"PORT": port, "BACKLINE_DEMO": "1", "BACKLINE_DATA": folder}
    logging.basicConfig(level=logging.INFO)
    settings = Settings.from_environment(environment)
    return asyncio.run(serve.run(parts, os.environ | environment, settings, time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
