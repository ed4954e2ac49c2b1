"""The web process: GraphQL, its page, and the doors beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

import bootstrap
from db.session import Database, connect
from domain.accounts import Role
from domain.actors import Caller
from domain.errors import DomainError, Unauthenticated
from domain.ports import Services
from domain.sight import Gauge
from engine import sight, tuning
from engine.check import check
from engine.csrf import ASKED_FIRST
from engine.http import GraphQLDoor
from engine.lookup import Lookup
from engine.request_ids import HEADER, RequestIds
from engine.rights import Rights
from engine.trusted import ManifestRefused, Trusted, read_manifest
from resolvers.accounts import demo
from resolvers.accounts.authenticate import authenticate
from resolvers.broadcasts.presence import Presence
from schema.budget import budget_of
from schema.context import Context
from schema.live import make_live, place_of_event
from schema.root import schema
from settings import Settings
from web import companion, connections, explorer, files, health, metrics, proofs, webhooks
from web.callers import caller_of
from web.front import Front

VERSION: Final = "1.0.0"
"""The version of the API that apps read at `/health`; the software's own is in pyproject.toml."""
DOCUMENTS: Final = Path(__file__).parent / "schema" / "documents.json"
"""The operations that our own apps send; `backline documents` writes it."""
EXPLORER: Final = Path(__file__).parent / "explorer" / "dist"


class FaultyDeclarations(Exception):
    """Declarations and tables do not agree: the server must not serve wrong answers."""


class FaultyDocuments(Exception):
    """A manifest of trusted documents cannot be used: some app would be answered with refusals alone."""


def create() -> Starlette:
    """Make the app from the environment; what uvicorn calls.

    Raises:
        SettingsRefused: A setting cannot be used.
        FaultyDeclarations: The schema and the tables do not agree.
        FaultyDocuments: A manifest of trusted documents cannot be used.
    """
    return build(Settings.from_environment(os.environ, Path(".env")))


def build(settings: Settings) -> Starlette:
    """Make the app from settings."""
    faults = check(schema)
    if faults:
        raise FaultyDeclarations("\n".join(str(fault) for fault in faults))
    trusted = read_documents(settings)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["authorization", "content-type", "if-none-match", "last-event-id", HEADER, *ASKED_FIRST],
        expose_headers=["etag", "ratelimit", "ratelimit-policy", "retry-after", HEADER],
        max_age=600,
    )

    doors: dict[str, ASGIApp] = {}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with bootstrap.build(settings) as services:
            web = Web(settings, services, trusted)
            app.router.routes.extend(web.routes())
            app.state.web = web
            doors["/graphql"] = web.door
            tuning.settle()
            async with web.serving():
                yield

    return Starlette(middleware=[Middleware(RequestIds), Middleware(Front, doors), cors], lifespan=lifespan)


def read_documents(settings: Settings) -> Trusted:
    """Read the documents that are trusted: our own apps', and those of the manifests in the settings.

    Raises:
        FaultyDocuments: A manifest cannot be read or used.
    """
    manifests = []
    for path in (DOCUMENTS, *settings.trusted_documents):
        try:
            manifests.append(read_manifest(path.read_bytes()))
        except (OSError, ManifestRefused) as fault:
            raise FaultyDocuments(f"The trusted documents in {path} cannot be used. {fault}") from fault
    try:
        return Trusted(manifests)
    except ManifestRefused as fault:
        raise FaultyDocuments(f"The trusted documents contradict each other. {fault}") from fault


class Web:
    """What one web process is made of."""

    def __init__(self, settings: Settings, services: Services, trusted: Trusted) -> None:
        assert settings.database_url
        self.settings = settings
        self.services = services
        engine = connect(
            settings.database_url,
            pool_size=settings.pool_size,
            application="backline web",
            on_statement=sight.count_statement,
        )
        self.database = Database(engine, services.bell, services.bus)
        self.live = make_live(self.database, services.bus)
        self.presence = Presence(self.database)
        self.door = GraphQLDoor(
            schema,
            context=self.context,
            expose=(DomainError,),
            rights=Rights(
                introspect=self._is_known,
                suggest=self._is_known,
                improvise=self._is_developer,
                public=lambda context: context.actor is None,
                upload=lambda context: context.actor is not None,
            ),
            page=lambda _request: explorer.page(EXPLORER, with_people=settings.demo),
            wants_page=explorer.wants_page,
            allowed_origins=settings.allowed_origins,
            cursor_of=place_of_event,
            lookup=Lookup(
                trusted, only=settings.trusted_only, shelf=services.cache if settings.persisted_queries else None
            ),
            sight=sight.Sight(
                services.watchers,
                slow_seconds=settings.slow_operation_ms / 1000,
                traced=services.watchers.traces,
            ),
            budget=budget_of(settings.points_per_minute, settings.requests_per_minute),
            folder=settings.data_dir,
        )

    @staticmethod
    def _is_developer(context: Context) -> bool:
        """Operators' tokens are developers' tokens, where others may send trusted documents only."""
        return context.actor is not None and Role.OPERATOR in context.actor.roles

    def _is_known(self, context: Context) -> bool:
        return self.settings.demo or context.actor is not None

    async def context(self, connection: HTTPConnection, initial: Mapping[str, Any] | None) -> Context:
        """Say who asks: by the Authorization header, or on a socket by `authorization` in the payload of connection_init.

        Raises:
            Unauthenticated: A token was given and does not hold. Without one a stranger asks.
        """
        given = connection.headers.get("authorization") if initial is None else initial.get("authorization")
        actor = None
        if given is not None:
            scheme, _, token = str(given).partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Unauthenticated("Send a token as `Authorization: Bearer ...`.")
            actor = await authenticate(self.database, self.services, token.strip())
            sight.know(actor.user_id)
        return Context(
            database=self.database,
            services=self.services,
            live=self.live,
            presence=self.presence,
            actor=actor,
            caller=caller_of(connection, self.settings.trusted_proxies),
            origins=self.settings.allowed_origins,
            over_http=initial is None,
        )

    def routes(self) -> list[BaseRoute]:
        """All doors of the process."""
        people = (lambda: demo.people(self.database)) if self.settings.demo else None
        sign_in = (
            (lambda username: demo.sign_in(self.database, self.services, username)) if self.settings.demo else None
        )

        def find_caller(request: HTTPConnection) -> Caller:
            return caller_of(request, self.settings.trusted_proxies)

        figures = metrics.Figures(self.database, self.services.watchers.counters, self.gauges)
        return [
            Route("/", lambda _request: RedirectResponse("/graphql")),
            Route("/graphql", self.door, methods=None),
            WebSocketRoute("/graphql", self.door),
            *health.routes(self.database, VERSION),
            *metrics.routes(figures.page, self.settings.metrics_token, find_caller),
            *files.routes(self.services.file_door),
            *connections.routes(self.database, self.services, find_caller),
            *companion.routes(self.database, self.services, find_caller),
            *proofs.routes(self.database),
            *webhooks.routes(self.database, self.services, find_caller),
            *explorer.routes(EXPLORER, people, sign_in),
        ]

    def gauges(self) -> list[Gauge]:
        """How many are connected at this moment."""
        sockets = self.door.sockets
        under_way = sum(len(talk.operations) for talk in sockets.conversations)
        groups = sockets.streams.groups
        return [
            Gauge("backline_sockets", "Open WebSockets.", {"": len(sockets.conversations)}),
            Gauge("backline_socket_operations", "Operations under way on WebSockets.", {"": under_way}),
            Gauge("backline_subscriptions", "Subscriptions that follow live events.", {"": groups.members}),
            Gauge("backline_live_groups", "Executions that they share.", {"": len(groups)}),
        ]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Keep what runs beside requests going while the process serves; then tell sockets to go elsewhere and close."""
        tasks = [asyncio.create_task(self.presence.run()), asyncio.create_task(tuning.settle_again())]
        try:
            yield
        finally:
            await self.door.drain()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.database.close()
