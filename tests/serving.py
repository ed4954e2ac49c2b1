"""The app in this process with settings of a test's own."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn

import app
from tests.fleet import free_port


@asynccontextmanager
async def serving(settings):
    """Serve the app with other settings, in this process, on a port of its own."""
    settings = replace(settings, port=free_port())
    config = uvicorn.Config(app.build(settings), host="127.0.0.1", port=settings.port, log_level="warning")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(30):
            while not server.started:
                assert not running.done(), "the app did not start"
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        server.should_exit = True
        await running
