"""The command `backline`: starts the processes, and does by hand what an operator may need to."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from graphql import GraphQLError, parse
from sqlalchemy.exc import SQLAlchemyError

import app
import doctor
import seed
import serve
import verify
from companion import commands as companion
from db import migrate
from domain.accounts import Role
from domain.errors import DomainError, InvalidInput
from engine import logs
from engine.explain import explain
from engine.trusted import write_manifest
from integrations.embedded import EmbeddedError, reset
from opening import addressed, begin_log, opened
from processes import run_drive, run_sandbox, run_web, run_worker
from resolvers.accounts import demo as demo_people
from resolvers.accounts import keys, roles
from schema.root import schema
from settings import Settings, SettingsRefused

SDL = Path(__file__).parent / "schema" / "schema.graphql"
CONTRACT = Path(__file__).parent / "contract"


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


def run_proof(settings: Settings, arguments: argparse.Namespace) -> int:
    """Check the proof of a mission, without asking anybody, or print the public keys of ours."""
    ours = verify.own_keys(settings)
    if arguments.action == "keys":
        if not ours:
            raise InvalidInput("There is no key yet: set PROOF_SIGNING_KEY or JWT_SECRET.")
        print("\n".join(verify.print_keys(ours)))
        return 0
    trusted = verify.read_keys(arguments.key, arguments.keys) or ours
    document = verify.read(arguments.file)
    lines, fine = verify.verify(document, trusted, cid=arguments.cid)
    if fine and (arguments.salt or arguments.of):
        more, fine = verify.reveal(document, arguments.salt, arguments.of)
        lines += more
    print("\n".join(lines))
    return 0 if fine else 1


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


def run_documents(_settings: Settings, _arguments: argparse.Namespace) -> int:
    """Write the manifest of the contract's operations, which are trusted."""
    app.DOCUMENTS.write_bytes(contract_manifest())
    print(f"Wrote {app.DOCUMENTS.name}.")
    return 0


def contract_manifest() -> bytes:
    """The manifest as it should be."""
    return write_manifest(parse("\n".join(path.read_text() for path in sorted(CONTRACT.glob("*.graphql")))))


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


def run_serve(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Start everything: databases, migrations, web, worker; in the demo the sandbox and its cast too."""
    return serve.serve(settings)


def run_doctor(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Look at settings, addresses, keys, migrations and clocks, and say what to do."""
    return doctor.examine(settings)


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
    "serve": run_serve,
    "schema": run_schema,
    "documents": run_documents,
    "explain": run_explain,
    "reset": run_reset,
    "sandbox": run_sandbox,
    "proof": run_proof,
    "doctor": run_doctor,
}

WITHOUT_ARGUMENTS = (
    "serve",
    "web",
    "worker",
    "sandbox",
    "migrate",
    "seed",
    "drive",
    "schema",
    "documents",
    "doctor",
    "reset",
)
KEEP_RUNNING = {"serve", "web", "worker", "sandbox", "drive"}
"""Commands whose log is for programs where nobody sits before it."""

WITHOUT_SECRETS = {"doctor", "documents", "explain", "migrate", "proof", "reset", "schema", "token"}
"""Commands that work, or say what is missing, where nobody has set secrets yet."""


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    top = argparse.ArgumentParser(prog="backline", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in WITHOUT_ARGUMENTS:
        command = WITH_DATABASES.get(name) or WITHOUT[name]
        text = (command.__doc__ or "").strip()
        commands.add_parser(name, help=text[:1].lower() + text[1:].rstrip("."))
    explained = commands.add_parser("explain", help="print the plan and SQL of an operation")
    explained.add_argument("file", help="a GraphQL document, or - for standard input")
    for name, text in (("grant", "give somebody a role"), ("revoke", "take a role from somebody")):
        change = commands.add_parser(name, help=text)
        change.add_argument("username")
        change.add_argument("role", help="such as MODERATOR or OPERATOR")
    key = commands.add_parser("keys", help="keys of what is encrypted at rest")
    key.add_argument("action", choices=["rotate"], help="seal everything anew with the first key")
    proof = commands.add_parser(
        "proof", help="check the proof of a mission, or print the keys that ours are checked by"
    )
    actions = proof.add_subparsers(dest="action", required=True, metavar="ACTION")
    checked = actions.add_parser("verify", help="check a document; nobody is asked")
    checked.add_argument("file", help="the document, or - for standard input")
    checked.add_argument("--key", action="append", default=[], help="a public key to trust; may be given several times")
    checked.add_argument("--keys", metavar="FILE", help="public keys to trust, one in a line; our own unless told")
    checked.add_argument("--cid", help="the address that it was found under")
    checked.add_argument("--salt", help="the salt of the document, which those of its mission are given")
    checked.add_argument("--of", action="append", default=[], metavar="TEXT", help="an id or a venue that it hides")
    actions.add_parser("keys", help="print our public keys, the present one first")
    companion.add_to(commands.add_parser("companion", help="send what your DJ software recorded, from beside it"))
    token = commands.add_parser("token", help="print an access token of a demo person")
    token.add_argument("username")
    token.add_argument("--hours", type=float, default=1.0, help="how long it holds (1)")
    return top


def main() -> int:
    """Run one command; what goes wrong is one sentence, not a traceback."""
    arguments = parser().parse_args()
    begin_log()
    if arguments.command == "companion":
        # It runs beside somebody's DJ software, where there is no server and nothing to set.
        return companion.run(arguments)
    try:
        needed = arguments.command not in WITHOUT_SECRETS
        settings = Settings.from_environment(os.environ, Path(".env"), secrets_needed=needed)
        if arguments.command in KEEP_RUNNING:
            logs.set_up(settings.log_format)
        if arguments.command in WITHOUT:
            return WITHOUT[arguments.command](settings, arguments)
        with addressed(settings) as ready:
            return WITH_DATABASES[arguments.command](ready, arguments)
    except (SettingsRefused, EmbeddedError, DomainError, app.FaultyDeclarations, app.FaultyDocuments) as fault:
        print(f"backline {arguments.command}: {fault}", file=sys.stderr)
    except (SQLAlchemyError, OSError) as fault:
        print(
            f"backline {arguments.command}: {type(fault).__name__}: {fault}. `backline doctor` may know more.",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
