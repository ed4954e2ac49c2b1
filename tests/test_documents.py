"""The trusted documents of our own apps: a file under review, and what becomes of a faulty one."""

from dataclasses import replace

import pytest
from graphql import OperationDefinitionNode, parse

import app
from cli import contract_manifest
from engine.trusted import digest_of, read_manifest
from tests.client import contract


def test_the_file_is_the_contract():
    assert app.DOCUMENTS.read_bytes() == contract_manifest(), "run `backline documents` and look at what changed"


def test_every_operation_is_found_by_its_name(settings):
    trusted = app.read_documents(replace(settings, trusted_documents=()))
    names = [node.name.value for node in contract().definitions if isinstance(node, OperationDefinitionNode)]
    assert len(names) == len(set(names)) == len(trusted) > 100
    for name in names:
        found = parse(trusted.find(name)).definitions
        assert [node.name.value for node in found if isinstance(node, OperationDefinitionNode)] == [name]
    assert trusted.find("Nothing") is None


def test_documents_of_other_apps_are_trusted_too(settings, tmp_path):
    text = "query Mine { viewer { id } }"
    (tmp_path / "mine.json").write_text('{"mine": "%s"}' % text)  # noqa: UP031
    trusted = app.read_documents(replace(settings, trusted_documents=(tmp_path / "mine.json",)))
    assert trusted.find("mine") == trusted.find("Mine") == trusted.find(f"sha256:{digest_of(text)}") == text
    assert len(trusted) == len(read_manifest(app.DOCUMENTS.read_bytes())) + 1


@pytest.mark.parametrize("content", [None, "", "[]", '{"mine": "{"}', '{"operations": []}'])
def test_a_faulty_manifest_stops_the_start(settings, tmp_path, content):
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(app.FaultyDocuments, match=r"mine\.json"):
        app.build(replace(settings, trusted_documents=(path,)))


def test_ids_that_contradict_each_other_stop_the_start(settings, tmp_path):
    for name, field in (("one", "viewer"), ("two", "node")):
        (tmp_path / f"{name}.json").write_text('{"same": "{ %s }"}' % field)  # noqa: UP031
    paths = (tmp_path / "one.json", tmp_path / "two.json")
    with pytest.raises(app.FaultyDocuments, match="the id same"):
        app.build(replace(settings, trusted_documents=paths))
