"""Programs of others that look for faults and leaks, against the real server; CONTRIBUTING.md says how to get them.

They are not installed with the tests: each brings dozens of packages. Where one is not there its tests are skipped.
"""

import asyncio
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from domain.accounts import Role
from schema.root import schema
from tests.serving import serving

ROOT = Path(__file__).parents[2]
SEEDS = [1, 2, 3]
EACH = 24
"""Cases of each of the root fields: more than 2,000 together."""
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
ROOTS = {"Query", "Mutation", "Subscription"}
SIGNING_OUT = ("signOut", "revokeSessions")
"""What nobody may do who is to be somebody until the end; whoever is nobody tries these as well."""


def program(name):
    """Where a program is: on the path, or where the variable of its name says."""
    found = os.environ.get(name.upper()) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed; see CONTRIBUTING.md")


async def run(*words, folder):
    names = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.engine.schemathesis_checks", "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env=names, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
async def test_schemathesis_finds_no_fault(fleet, make, tmp_path, seed, known):
    found = program("schemathesis")
    await make.room(await make.user("mina"))
    server = await fleet.start("web")
    token = (await make.user("olga", roles=tuple(Role))).token
    options = {
        "seed": seed,
        "max-examples": os.environ.get("TEST_EACH", EACH),
        "phases": "fuzzing",
        "checks": "answers_by_the_rules",
        "suppress-health-check": "all",
        "generation-database": "none",
        "warnings": "off",
        "request-timeout": 30,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    if known:
        words += ["--header", f"authorization: Bearer {token}"]
        words += [word for name in SIGNING_OUT for word in ("--exclude-name", f"Mutation.{name}")]
    code, said = await run(found, "run", f"{server.url}/graphql", "--continue-on-failure", *words, folder=tmp_path)
    print(said[-600:])
    assert code == 0, said
    assert "No issues found" in said


def names_of(found):
    """The names of types, fields and arguments that a program believes in."""
    names = set()
    for type_ in found["data"]["__schema"]["types"]:
        names.add(type_["name"])
        for field in type_.get("fields") or ():
            names.add(field["name"])
            names.update(argument["name"] for argument in field.get("args") or ())
    return names


REAL = {name for name in schema._schema.type_map if not name.startswith("__")}
REAL |= {
    name
    for type_ in schema._schema.type_map.values()
    for name, field in getattr(type_, "fields", {}).items()
    for name in (name, *getattr(field, "args", {}))
}
GUESSES = sorted({name[:-1] for name in schema._schema.query_type.fields} - REAL)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("strict", [True, False])
async def test_clairvoyance_learns_no_name(web, settings, tmp_path, strict):
    program_found = program("clairvoyance")
    (tmp_path / "words").write_text("\n".join(GUESSES[:20]))
    async with serving(replace(settings, demo=False, trusted_only=strict)) as url:
        words = ["-o", str(tmp_path / "found"), "-w", str(tmp_path / "words"), "-m", "1", f"{url}/graphql"]
        _, said = await run(program_found, *words, folder=tmp_path)
    found = names_of(json.loads((tmp_path / "found").read_text())) if (tmp_path / "found").exists() else set()
    print(f"believed: {sorted(found)}", said[-300:])
    assert found & REAL <= BUILT_IN | ROOTS


def test_a_leak_would_be_seen():
    assert len(GUESSES) > 10
    field = {"name": "viewer", "args": [{"name": "first"}]}
    leaked = names_of({"data": {"__schema": {"types": [{"name": "Query", "fields": [field]}, {"name": "ID"}]}}})
    assert leaked & REAL - BUILT_IN - ROOTS == {"viewer", "first"}
