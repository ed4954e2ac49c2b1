"""The rules of the house, read from the code itself."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "domain": set(),
    "db": {"domain"},
    "engine": set(),
    "resolvers": {"domain", "db"},
    "schema": {"domain", "db", "engine", "resolvers"},
    "web": {"domain", "db.session", "resolvers"},
    "jobs": {"domain", "db", "resolvers"},
    "integrations": {"domain"},
    "settings": {"integrations"},
    "bootstrap": {"domain", "db", "integrations", "settings"},
}
PROCESSES = {
    "app",
    "cli",
    "companion",
    "demo",
    "doctor",
    "opening",
    "processes",
    "seed",
    "serve",
    "verify",
    "jobs.worker",
}
OURS = set(MAY_IMPORT) | {room for room in PROCESSES if "." not in room}
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "service"}
ONLY_IN = {
    "arq": ("integrations.arq_bell", "jobs.worker"),
    "redis": (
        "integrations.valkey",
        "integrations.valkey_limiter",
        "integrations.valkey_bus",
        "integrations.valkey_cache",
        "integrations.arq_bell",
        "jobs.worker",
    ),
    "aiosmtplib": ("integrations.smtp",),
    "PIL": ("integrations.photos",),
    "fpdf": ("integrations.papers",),
    "joserfc": ("integrations.",),
    "cryptography": ("integrations.", "companion."),
    "authlib": ("integrations.oauth",),
    "aiosmtpd": ("integrations.sandbox.",),
    "stripe": ("integrations.stripe_wire", "integrations.sandbox.stripe.parameters"),
    "httpx": ("integrations.", "demo.", "companion."),
    "strawberry": ("engine.", "schema."),
    "graphql": ("engine.", "schema.", "cli"),
    "rapidfuzz": ("domain.scoring.",),
    "prometheus_client": ("integrations.prometheus",),
    "python_multipart": ("engine.forms",),
    "opentelemetry": ("integrations.tracing",),
}
SQL_VERBS = {"select", "update", "insert", "delete"}
MAX_LINES = 300
MAX_FUNCTION = 50


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


SOURCES = sorted(
    path
    for room in (*OURS, "benchmarks", "tests")
    for path in ([ROOT / f"{room}.py"] if (ROOT / f"{room}.py").exists() else (ROOT / room).rglob("*.py"))
)
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] not in {"tests", "benchmarks"}]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """What a file says. Read when a test asks: every process that runs some of the tests imports this file."""
    return ast.parse(path.read_text())


def imports_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def room_of(module: str) -> str:
    return module if module in PROCESSES else module.partition(".")[0]


def wrong_imports(module: str, tree: ast.AST) -> Iterator[str]:
    room = room_of(module)
    for imported, line in imports_of(tree):
        target = imported.partition(".")[0]
        if target not in OURS or target == room:
            continue
        allowed = OURS if room in PROCESSES else MAY_IMPORT.get(room, set())
        if not any(imported == door or imported.startswith(f"{door}.") for door in allowed):
            yield f"{module}:{line} imports {imported}, which {room} may not"
    for imported, line in imports_of(tree):
        places = ONLY_IN.get(imported.partition(".")[0])
        if places and not any(
            module == place or (place.endswith(".") and module.startswith(place)) for place in places
        ):
            yield f"{module}:{line} imports {imported}, which belongs into {' or '.join(places)}"


def wrong_calls(module: str, tree: ast.AST) -> Iterator[str]:
    room = module.partition(".")[0]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Name) and called in SQL_VERBS and room not in {"db", "engine"}:
            yield f"{module}:{node.lineno} writes SQL ({called}); statements live in db/"
        if called == "commit" and module not in {"db.session", "db.migrate"}:
            yield f"{module}:{node.lineno} commits; only db/session.py does"


def wrong_shapes(module: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        length = (node.end_lineno or 0) - node.lineno + 1
        if length > MAX_FUNCTION:
            yield f"{module}:{node.lineno} {node.name} has {length} lines; {MAX_FUNCTION} at most"
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                yield f"{module}:{inner.lineno} imports inside a function"


def faults() -> Iterator[str]:
    for path in PRODUCT:
        module, tree = name_of(path), tree_of(path)
        if module.startswith("db.migrations.versions"):
            continue
        yield from wrong_imports(module, tree)
        yield from wrong_calls(module, tree)
        yield from wrong_shapes(module, tree)
        lines = len(path.read_text().splitlines())
        if lines > MAX_LINES:
            yield f"{path.relative_to(ROOT)} has {lines} lines; {MAX_LINES} at most"
    for path in SOURCES:
        for part in path.relative_to(ROOT).with_suffix("").parts:
            if part.lower() in BANNED:
                yield f"{path.relative_to(ROOT)} has a name that says nothing: {part}"


def circles(graph: dict[str, set[str]]) -> Iterator[str]:
    done: set[str] = set()
    for start in sorted(graph):
        yield from circles_from(start, graph, [], done)


def circles_from(module: str, graph: dict[str, set[str]], trail: list[str], done: set[str]) -> Iterator[str]:
    if module in trail:
        yield " -> ".join([*trail[trail.index(module) :], module])
        return
    if module in done:
        return
    for target in sorted(graph.get(module, ())):
        yield from circles_from(target, graph, [*trail, module], done)
    done.add(module)


def import_graph() -> dict[str, set[str]]:
    modules = {name_of(path) for path in PRODUCT}
    graph: dict[str, set[str]] = {}
    for path in PRODUCT:
        guarded = {
            id(inner)
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        targets = set()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.module and id(node) not in guarded:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    targets.add(full if full in modules else node.module)
        graph[name_of(path)] = (targets & modules) - {name_of(path)}
    return graph


def test_the_house_is_in_order():
    assert list(faults()) == []


def test_no_import_goes_in_a_circle():
    assert list(circles(import_graph())) == []


@pytest.mark.parametrize(
    ("module", "code", "complaint"),
    [
        ("domain.money", "from db.session import Tx", "which domain may not"),
        ("engine.compile", "import domain.money", "which engine may not"),
        ("web.files", "from db.tables import User", "which web may not"),
        ("resolvers.chat", "import strawberry", "belongs into"),
        ("resolvers.chat", "import redis", "belongs into"),
    ],
)
def test_a_wrong_import_is_found(module, code, complaint):
    assert any(complaint in fault for fault in wrong_imports(module, ast.parse(code)))


def test_wrong_calls_and_shapes_are_found():
    assert list(wrong_calls("resolvers.chat", ast.parse("select(User)")))
    assert list(wrong_calls("resolvers.chat", ast.parse("session.commit()")))
    assert not list(wrong_calls("db.queries.chat", ast.parse("select(User)")))
    long = "def f():\n" + "    x = 1\n" * 50
    assert list(wrong_shapes("x", ast.parse(long)))
    assert list(wrong_shapes("x", ast.parse("def f():\n    import os\n")))
    assert list(circles({"a": {"b"}, "b": {"a"}}))


def test_the_readme_tells_the_same_rooms():
    readme = (ROOT / "docs" / "architecture.md").read_text()
    assert all(f"`{room}/`" in readme or f"`{room}.py`" in readme for room in MAY_IMPORT)
