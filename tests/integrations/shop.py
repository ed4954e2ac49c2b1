"""A file store with its HTTP door open on a real socket, and a client before it."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette

from integrations.local_files import LocalFiles
from tests.integrations.conftest import serving
from web.files import routes

KEY = bytes(32)
CONTENT = bytes(range(256)) * 16


class Shop:
    """A store, its door and a client."""

    def __init__(self, files, http, directory):
        self.files, self.http, self.directory = files, http, directory

    async def put(self, grant, content=CONTENT, **headers):
        return await self.http.request(grant.method, grant.url, content=content, headers=grant.headers | headers)

    def stored(self):
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file())


@asynccontextmanager
async def open_shop(directory):
    app = Starlette()
    async with serving(app) as url, httpx.AsyncClient(verify=False) as http:
        files = LocalFiles(directory, key=KEY, public_url=url)
        app.router.routes.extend(routes(files))
        yield Shop(files, http, directory)
