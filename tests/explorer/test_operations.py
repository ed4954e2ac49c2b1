"""The operations that the explorer opens with, against the schema as it is written down."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = sorted((ROOT / "explorer" / "src" / "operations").glob("*.graphql"))


@pytest.mark.parametrize("file", OPERATIONS, ids=lambda file: file.stem)
def test_the_schema_accepts_every_operation(file: Path) -> None:
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text())
    document = parse(file.read_text())
    assert validate(schema, document) == []
    assert [definition.name.value for definition in document.definitions] == [file.stem]
    assert f"./operations/{file.name}?raw" in (ROOT / "explorer" / "src" / "tabs.ts").read_text()
