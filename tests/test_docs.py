"""The documents against the code: commands, paths, GraphQL and names that they mention are there."""

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from app import EXPLORER
from cli import parser
from domain.errors import ErrorCode
from schema.root import schema
from tests.client import CONTRACT

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TICKED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROOMS = "app|benchmarks|bootstrap|cli|companion|contract|db|demo|docs|doctor|domain|engine|explorer|integrations|jobs|processes|resolvers|schema|seed|serve|settings|tests|verify|web"
PATH = re.compile(rf"(?:{ROOMS})(?:\.\w+|/[\w./-]*)|\.env\.example|Makefile|pyproject\.toml")
MADE = {EXPLORER.relative_to(ROOT).as_posix() + "/index.html"}
"""Files that a build makes."""

GRAPHQL = schema._schema
OPERATIONS = {
    node.name.value
    for path in CONTRACT.glob("*.graphql")
    for node in parse(path.read_text()).definitions
    if isinstance(node, OperationDefinitionNode)
}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SETTINGS = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
SOURCES = [
    path for room in ("engine", "schema", "resolvers", "jobs", "db", "domain") for path in (ROOT / room).rglob("*.py")
]
CODE = set(
    re.findall(r"\w+", "\n".join(path.read_text() for path in [*SOURCES, ROOT / "app.py", *CONTRACT.glob("*.graphql")]))
)
ENGINE = "\n".join(path.read_text() for path in sorted((ROOT / "engine").glob("*.py")))


def prose(text):
    """A document without its blocks of code."""
    return BLOCK.sub("", text)


def blocks(text, *languages):
    return [code for language, code in BLOCK.findall(text) if language in languages]


def unknown_targets(text):
    said = [*TICKED.findall(prose(text)), *"\n".join(blocks(text, "sh")).splitlines()]
    calls = [call for line in said for call in re.findall(r"(?:^|[=\d] )make ([a-z]+)", line.strip())]
    return [target for target in calls if target not in TARGETS]


def unknown_commands(text):
    known = next(action.choices for action in parser()._actions if action.choices)
    said = "\n".join([*TICKED.findall(prose(text)), *blocks(text, "sh")])
    return [name for name in re.findall(r"(?:^|/)backline ([a-z]+)", said, re.MULTILINE) if name not in known]


def missing_paths(text):
    said = [word for word in TICKED.findall(prose(text)) if PATH.fullmatch(word)]
    return [path for path in said if path not in MADE and not (ROOT / path).exists()]


def broken_links(document, text):
    inside = [link.partition("#")[0] for link in LINK.findall(prose(text)) if "://" not in link]
    return [link for link in inside if link and not (document.parent / link).exists()]


def faulty_graphql(text):
    codes = blocks(text, "graphql")
    codes += [code for python in blocks(text, "python") for code in re.findall(r'"""\n(\w+ .*?)"""', python, re.DOTALL)]
    return [error.message for code in codes for error in validate(GRAPHQL, parse(code))]


def unknown_names(text):
    """Names in backticks that stand for something of the API, and do not exist."""
    for word in TICKED.findall(prose(text)):
        type_name, _, field = word.partition(".")
        if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)*", word):
            if word not in OPERATIONS and word not in GRAPHQL.type_map:
                yield word
        elif re.fullmatch(r"[A-Z][a-zA-Z]+\.[a-z]\w+", word):
            found = GRAPHQL.type_map.get(type_name)
            if found is None or field not in found.fields:
                yield word
        elif (
            re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", word)
            and word not in {*ErrorCode, *SETTINGS, "GET"}
            and f'"{word}"' not in ENGINE
        ):
            yield word


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request):
    return request.param


def test_commands_are_there(document):
    assert unknown_targets(document.read_text()) == []
    assert unknown_commands(document.read_text()) == []


def test_paths_are_there(document):
    assert missing_paths(document.read_text()) == []
    assert broken_links(document, document.read_text()) == []


def test_graphql_is_of_this_schema(document):
    assert faulty_graphql(document.read_text()) == []


def test_the_api_has_what_its_page_names():
    assert list(unknown_names((ROOT / "docs" / "api.md").read_text())) == []


def test_the_api_page_leaves_out_no_operation_of_rooms():
    page = set(TICKED.findall(prose((ROOT / "docs" / "api.md").read_text())))
    rooms = parse((CONTRACT / "broadcasts.graphql").read_text()).definitions
    assert {node.name.value for node in rooms if isinstance(node, OperationDefinitionNode)} - page == set()


def test_the_architecture_page_names_what_is_in_the_code():
    written = TICKED.findall(prose((ROOT / "docs" / "architecture.md").read_text()))
    names = {name for word in written for name in re.findall(r"^(?:@)?([A-Za-z_]+(?:\.[A-Za-z_]+)?)(?:\(.*\))?$", word)}
    words = {part for name in names if "." not in name or name.partition(".")[0] in CODE for part in name.split(".")}
    assert {word for word in words if word not in CODE and not word.isupper()} == set()
    assert {"Planned", "find", "read_standing", "edge_ref"} <= words


def test_every_error_code_is_explained():
    page = (ROOT / "docs" / "api.md").read_text()
    codes = {*ErrorCode, *re.findall(r'(?:refusal\(|BadRequest\(\d+, |code = )"([A-Z_]+)"', ENGINE)}
    assert {code for code in codes if f"`{code}`" not in page} == set()


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (unknown_targets, "Run `make dinner`."),
        (unknown_targets, "```sh\nPORT=1 make dinner\n```\n"),
        (unknown_commands, "```sh\n.venv/bin/backline dance\n```\n"),
        (missing_paths, "See `db/tables/dinner.py`."),
        (lambda text: broken_links(ROOT / "README.md", text), "[more](docs/dinner.md)"),
        (faulty_graphql, "```graphql\n{ dinner }\n```\n"),
        (faulty_graphql, '```python\nQUERY = """\nquery Q { dinner }\n"""\n```\n'),
        (unknown_names, "`ServeDinner`"),
        (unknown_names, "`User.dinner`"),
        (unknown_names, "`TOO_HUNGRY`"),
    ],
)
def test_what_is_not_there_is_found(find, text):
    assert len(list(find(text))) == 1
