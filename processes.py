"""The processes that a server is made of, each run by a command of its name."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Final

import uvicorn

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


def run_web(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Start one web process."""
    uvicorn.run(
        lambda: app.build(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=Limits.frame_bytes,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=ROUNDS_OF_GRACE,
    )
    return 0


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
