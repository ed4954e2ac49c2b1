"""Relay: its compiler takes our schema, and its runtime asks by the ids that the compiler wrote down."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from tests.clients.conftest import HERE, MODULES
from tests.serving import serving

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"


async def compile_project(node, project):
    """Run relay-compiler on a project; gives its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(str(node.program), str(MODULES / "relay-compiler" / "cli.js"), "relay.config.json"),
        cwd=project,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.fixture(scope="module")
async def project(node, tmp_path_factory):
    """The fixture project, compiled."""
    folder = tmp_path_factory.mktemp("relay") / "project"
    shutil.copytree(HERE / "relay", folder)
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "persisted.json").write_text("{}")
    shutil.copy(SDL, folder / "schema.graphql")
    code, said = await compile_project(node, folder)
    assert code == 0, said
    return folder


async def test_the_compiler_takes_the_schema(project):
    made = {path.name for path in (project / "src" / "__generated__").iterdir()}
    assert {"roomsQuery.graphql.js", "roomsPageQuery.graphql.js", "roomsCuratorQuery.graphql.js"} <= made
    texts = orjson.loads((project / "persisted.json").read_bytes()).values()
    assert any("$after" in text and "liveBroadcasts(" in text for text in texts)
    assert any("node(id: $id)" in text for text in texts)


async def test_the_compiler_would_say_what_is_wrong(node, project, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(project, broken, symlinks=True)
    text = (broken / "src" / "rooms.js").read_text()
    (broken / "src" / "rooms.js").write_text(text.replace("followerCount", "followers_count"))
    code, said = await compile_project(node, broken)
    assert code != 0
    assert "followers_count" in said


async def test_the_runtime_pages_refetches_and_does(run, project, web, settings, make):
    mina, theo = await make.user("mina"), await make.user("theo")
    for curator, title in ((mina, "First"), (theo, "Second")):
        await make.room(curator, title=title)
    documents = replace(settings, trusted_only=True, trusted_documents=(project / "persisted.json",))
    async with serving(documents) as url:
        script = project / "src" / "run.mjs"
        told = await run(script, url=url, token=mina.token, self=mina.wire, curator=theo.wire)
    assert len(told["before"]) == 1
    assert sorted(told["after"]) == ["First", "Second"]
    assert told["curator"] == "theo"
    assert [error["code"] for error in told["followed"]] != []
    assert told["texts"] == []
