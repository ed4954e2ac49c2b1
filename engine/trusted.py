"""Trusted documents: what may be asked by id, read from the manifests that clients' build tools write.

A document is found by the id in its manifest, by `sha256:` and the hash of its text (GraphQL over HTTP, appendix on
persisted documents), and by the name of its operation where only one document has that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

FORMAT: Final = "apollo-persisted-query-manifest"
PREFIX: Final = "sha256:"


class ManifestRefused(Exception):
    """A manifest that cannot be used; the text says why."""


def digest_of(text: str) -> str:
    """Hash a document's text: SHA-256 in 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class Trusted:
    """Documents that are known beforehand."""

    def __init__(self, manifests: Iterable[Mapping[str, str]] = ()) -> None:
        """Take what the manifests hold.

        Args:
            manifests: Texts by id.

        Raises:
            ManifestRefused: Two documents have the same id.
        """
        self._texts: dict[str, str] = {}
        names: dict[str, str | None] = {}
        for manifest in manifests:
            for document_id, text in manifest.items():
                if self._texts.setdefault(document_id, text) != text:
                    raise ManifestRefused(f"Two documents have the id {document_id}.")
                digest = digest_of(text)
                self._texts[digest] = self._texts[PREFIX + digest] = text
                name = _name_of(text)
                if name is not None:
                    names[name] = text if names.get(name, text) == text else None
        for name, only in names.items():
            if only is not None:
                self._texts.setdefault(name, only)
        self._known = frozenset(self._texts.values())

    def find(self, document_id: str) -> str | None:
        """Give the text behind an id; None when there is none."""
        return self._texts.get(document_id)

    def holds(self, text: str) -> bool:
        """Whether a text is that of a trusted document, to the letter."""
        return text in self._known

    def __len__(self) -> int:
        return len(self._known)


def read_manifest(content: bytes) -> dict[str, str]:
    """Read a manifest: relay-compiler's persisted queries, or Apollo's persisted query manifest of version 1.

    Args:
        content: The file.

    Returns:
        The documents' texts by id.

    Raises:
        ManifestRefused: It is neither.
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ManifestRefused(f"It is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ManifestRefused("It must be a JSON object.")
    if "format" in found or "operations" in found:
        if found.get("format") != FORMAT or found.get("version") != 1 or not isinstance(found.get("operations"), list):
            raise ManifestRefused(f"With `operations` it must be of the format {FORMAT}, version 1.")
        entries = [each if isinstance(each, dict) else {} for each in found["operations"]]
        pairs = [(each.get("id"), each.get("body")) for each in entries]
    else:
        pairs = list(found.items())
    texts: dict[str, str] = {}
    for document_id, text in pairs:
        if not (isinstance(document_id, str) and document_id and isinstance(text, str)):
            raise ManifestRefused("Each document must have an id and a text.")
        if texts.setdefault(document_id, text) != text:
            raise ManifestRefused(f"Two documents have the id {document_id}.")
        _check(document_id, text)
    return texts


def write_manifest(document: DocumentNode) -> bytes:
    """Write the manifest of all operations of a document, in Apollo's format.

    Args:
        document: Operations and the fragments that they use.

    Returns:
        The file: each operation with just the fragments that it reaches, by the hash of its text.
    """
    operations = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and definition.name:
            text = _alone(definition, document)
            entry: dict[str, Any] = {"id": digest_of(text), "name": definition.name.value}
            operations.append({**entry, "type": definition.operation.value, "body": text})
    operations.sort(key=lambda entry: entry["name"])
    found = {"format": FORMAT, "version": 1, "operations": operations}
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _alone(operation: OperationDefinitionNode, document: DocumentNode) -> str:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    reached: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: Any, *_rest: Any) -> None:
            name = node.name.value
            if name not in reached:
                reached[name] = fragments[name]
                visit(fragments[name], self)

    visit(operation, Spreads())
    return "\n\n".join(print_ast(node) for node in (operation, *reached.values()))


def _check(document_id: str, text: str) -> None:
    try:
        parse(text, no_location=True)
    except GraphQLError as error:
        raise ManifestRefused(f"The document {document_id} is none: {error.message}") from None
    if document_id.startswith(PREFIX) and document_id != PREFIX + digest_of(text):
        raise ManifestRefused(f"The document {document_id} is not what its id says.")


def _name_of(text: str) -> str | None:
    """The name of a document's operation; None when it has several."""
    definitions = parse(text, no_location=True).definitions
    operations = [found for found in definitions if isinstance(found, OperationDefinitionNode)]
    return operations[0].name.value if len(operations) == 1 and operations[0].name else None
