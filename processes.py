"""The processes that a server is made of, each run by a command of its name."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
from typing import Final

import uvicorn
from starlette.applications import Starlette

import app
import bootstrap
import serve
from demo.driver import drive
from domain.errors import InvalidInput
from engine.limits import Limits
from integrations.sandbox import run as sandbox
from jobs import worker
from opening import opened, told_to_stop
from settings import Settings

ROUNDS_OF_GRACE: Final = 10


class _Web(uvicorn.Server):
    """Sends streams elsewhere before it waits for responses to end, since theirs would not."""

    def __init__(self, config: uvicorn.Config, made: Starlette) -> None:
        super().__init__(config)
        self._made = made

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        web: app.Web | None = getattr(self._made.state, "web", None)
        if web is not None:
            await web.door.drain()
        await super().shutdown(sockets)


def run_web(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Start one web process."""
    made = app.build(settings)
    config = uvicorn.Config(
        made,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="engine.cutting:CuttingProtocol",
        ws="engine.frames:FrameProtocol",
        ws_max_size=Limits.frame_bytes,
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=ROUNDS_OF_GRACE,
    )
    server = _Web(config, made)
    # Ctrl-C has stopped it in good order by the time that it comes out here.
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


def run_worker(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Start one worker."""
    return worker.run(settings)


def run_sandbox(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Be the outside world of the demo: music services, mail, telephones."""
    if not settings.demo:
        raise InvalidInput("The sandbox stands in for the outside world in the demo only: run it with BACKLINE_DEMO=1.")

    async def main() -> None:
        await sandbox.run(
            settings.data_dir / "sandbox.sqlite",
            bootstrap.registration(settings),
            host=serve.SANDBOX_HOST,
            port=settings.sandbox_port,
            smtp_port=settings.sandbox_mail_port,
            stop=told_to_stop(),
        )

    asyncio.run(main())
    return 0


def run_drive(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Keep the demo cast alive: music changes, people chat."""

    async def main() -> None:
        async with opened(settings) as (database, services):
            await drive(database, services)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
    return 0
