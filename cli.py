"""The command `backline`: starts the processes, and does by hand what an operator may need to."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from graphql import GraphQLError
from sqlalchemy.exc import SQLAlchemyError

import app
import bootstrap
import doctor
import seed
import serve
from db import migrate
from db.session import Database, connect
from demo.driver import drive
from domain.accounts import Role
from domain.errors import DomainError, InvalidInput
from domain.ports import Services
from engine.explain import explain
from engine.limits import Limits
from integrations.embedded import EmbeddedError, hold, reset
from integrations.sandbox import run as sandbox
from jobs import worker
from resolvers.accounts import demo as demo_people
from resolvers.accounts import keys, roles
from schema.root import schema
from settings import Settings, SettingsRefused

SDL = Path(__file__).parent / "schema" / "schema.graphql"
ROUNDS_OF_GRACE = 10


@contextmanager
def addressed(settings: Settings) -> Iterator[Settings]:
    """Fill in the addresses of the embedded databases where none are given, and keep them running meanwhile."""
    if settings.database_url and settings.redis_url:
        yield settings
        return
    with hold(settings.data_dir) as addresses:
        yield dataclasses.replace(
            settings,
            database_url=settings.database_url or addresses.database_url,
            redis_url=settings.redis_url or addresses.redis_url,
            queue_url=settings.queue_url or settings.redis_url or addresses.redis_url,
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database, Services]]:
    """Open the database and everything outside for one command."""
    assert settings.database_url
    async with bootstrap.build(settings) as services:
        database = Database(
            connect(settings.database_url, pool_size=2, application="backline command"), services.bell, services.bus
        )
        try:
            yield database, services
        finally:
            await database.close()


def run_web(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Serve requests."""
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


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def run_worker(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Do promised work."""

    async def main() -> None:
        await worker.work(settings, _told_to_stop())

    asyncio.run(main())
    return 0


def run_sandbox(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Be the outside world of the demo."""
    if not settings.demo:
        raise InvalidInput("The sandbox stands in for the outside world in the demo only: run it with BACKLINE_DEMO=1.")

    async def main() -> None:
        await sandbox.run(
            settings.data_dir / "sandbox.sqlite",
            bootstrap.registration(settings),
            host=serve.SANDBOX_HOST,
            port=settings.sandbox_port,
            smtp_port=settings.sandbox_mail_port,
            stop=_told_to_stop(),
        )

    asyncio.run(main())
    return 0


def run_migrate(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Bring the database to the present shape."""
    assert settings.database_url
    migrate.upgrade(settings.database_url)
    print(f"The database is at {migrate.newest()}.")
    return 0


def run_seed(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Write the demo cast."""

    async def main() -> int:
        async with opened(settings) as (database, _services):
            return await seed.seed(database)

    # That somebody was given a role is worth a line anywhere else.
    logging.getLogger("resolvers").setLevel(logging.WARNING)
    print(f"The demo cast has {asyncio.run(main())} people.")
    return 0


def run_drive(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Keep the demo cast alive."""

    async def main() -> None:
        async with opened(settings) as (database, services):
            await drive(database, services)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
    return 0


def run_grant(settings: Settings, arguments: argparse.Namespace) -> int:
    """Give or take a role."""
    change = roles.grant if arguments.command == "grant" else roles.revoke

    async def main() -> None:
        async with opened(settings) as (database, _services), database.transaction() as tx:
            await change(tx, arguments.username, _role(arguments.role))

    asyncio.run(main())
    print(f"{arguments.username}: {arguments.command} {arguments.role.upper()}, done.")
    return 0


def _role(text: str) -> Role:
    try:
        return Role(text.upper())
    except ValueError as error:
        raise InvalidInput(f"There is no role {text}; there are {', '.join(role.value for role in Role)}.") from error


def run_keys(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Seal every secret at rest with the newest key."""

    async def main() -> int:
        async with opened(settings) as (database, services):
            return await keys.rotate(database, services.cipher)

    print(f"{asyncio.run(main())} secrets were sealed anew with the first key of BACKLINE_KEYS.")
    return 0


def run_token(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print an access token of a demo person."""
    if not settings.demo:
        raise InvalidInput("Tokens are handed out in the demo only: run it with BACKLINE_DEMO=1.")

    async def main() -> str:
        async with opened(settings) as (database, services):
            token = await demo_people.sign_in(database, services, arguments.username, hours=arguments.hours)
            return token.access_token

    print(asyncio.run(main()))
    return 0


def run_schema(_settings: Settings, _arguments: argparse.Namespace) -> int:
    """Write the schema file."""
    SDL.write_text(schema.as_str().rstrip() + "\n")
    print(f"Wrote {SDL.name}.")
    return 0


def run_explain(_settings: Settings, arguments: argparse.Namespace) -> int:
    """Print the plan and SQL of an operation."""
    document = sys.stdin.read() if arguments.file == "-" else Path(arguments.file).read_text()
    try:
        print(explain(schema, document))
    except GraphQLError as fault:
        raise InvalidInput(fault.message) from fault
    return 0


def run_reset(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Remove the embedded databases' data."""
    reset(settings.data_dir)
    print(f"Removed the data in {settings.data_dir}.")
    return 0


Command = Callable[[Settings, argparse.Namespace], int]
WITH_DATABASES: dict[str, Command] = {
    "web": run_web,
    "worker": run_worker,
    "migrate": run_migrate,
    "seed": run_seed,
    "drive": run_drive,
    "grant": run_grant,
    "revoke": run_grant,
    "keys": run_keys,
    "token": run_token,
}
WITHOUT: dict[str, Command] = {
    "serve": lambda settings, _arguments: serve.serve(settings),
    "schema": run_schema,
    "explain": run_explain,
    "reset": run_reset,
    "sandbox": run_sandbox,
    "doctor": lambda settings, _arguments: doctor.examine(settings),
}

WITHOUT_SECRETS = {"doctor", "explain", "migrate", "reset", "schema", "token"}
"""Commands that work, or say what is missing, where nobody has set secrets yet."""


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    top = argparse.ArgumentParser(prog="backline", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="start everything: databases, migrations, web, worker; in the demo its cast too")
    commands.add_parser("web", help="start one web process")
    commands.add_parser("worker", help="start one worker")
    commands.add_parser("sandbox", help="be the outside world of the demo: music services, mail, telephones")
    commands.add_parser("migrate", help="bring the database to the present shape")
    commands.add_parser("seed", help="write the demo cast")
    commands.add_parser("drive", help="keep the demo cast alive: music changes, people chat")
    commands.add_parser("schema", help="write schema/schema.graphql")
    commands.add_parser("doctor", help="look at settings, addresses, keys, migrations and clocks, and say what to do")
    explained = commands.add_parser("explain", help="print the plan and SQL of an operation")
    explained.add_argument("file", help="a GraphQL document, or - for standard input")
    for name, text in (("grant", "give somebody a role"), ("revoke", "take a role from somebody")):
        change = commands.add_parser(name, help=text)
        change.add_argument("username")
        change.add_argument("role", help="such as MODERATOR or OPERATOR")
    key = commands.add_parser("keys", help="keys of what is encrypted at rest")
    key.add_argument("action", choices=["rotate"], help="seal everything anew with the first key")
    token = commands.add_parser("token", help="print an access token of a demo person")
    token.add_argument("username")
    token.add_argument("--hours", type=float, default=1.0, help="how long it holds (1)")
    commands.add_parser("reset", help="remove all data of the embedded databases")
    return top


def main() -> int:
    """Run one command; what goes wrong is one sentence, not a traceback."""
    arguments = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("arq").setLevel(logging.WARNING)
    try:
        needed = arguments.command not in WITHOUT_SECRETS
        settings = Settings.from_environment(os.environ, Path(".env"), secrets_needed=needed)
        if arguments.command in WITHOUT:
            return WITHOUT[arguments.command](settings, arguments)
        with addressed(settings) as ready:
            return WITH_DATABASES[arguments.command](ready, arguments)
    except (SettingsRefused, EmbeddedError, DomainError, app.FaultyDeclarations) as fault:
        print(f"backline {arguments.command}: {fault}", file=sys.stderr)
    except (SQLAlchemyError, OSError) as fault:
        print(
            f"backline {arguments.command}: {type(fault).__name__}: {fault}. `backline doctor` may know more.",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
