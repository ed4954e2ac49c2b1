"""The schema as a file under review."""

from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from engine.check import check
from schema.root import schema

FILE = Path(__file__).parent.parent / "schema" / "schema.graphql"
PAGES = {"first", "last"}


def ours():
    built = build_schema(schema.as_str())
    return built, [kind for name, kind in built.type_map.items() if not name.startswith("__")]


def test_the_file_is_the_schema():
    assert FILE.read_text().rstrip() == schema.as_str().rstrip(), "run `make schema` and look at what changed"


def test_declarations_and_tables_agree():
    assert list(check(schema)) == []


def test_everything_public_is_described():
    _, kinds = ours()
    silent = []
    for kind in kinds:
        if (
            kind.name not in {"Query", "Mutation", "Subscription", "String", "Int", "Float", "Boolean", "ID"}
            and not kind.description
        ):
            silent.append(kind.name)
        silent += [
            f"{kind.name}.{name}" for name, value in getattr(kind, "values", {}).items() if not value.description
        ]
        for name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                silent.append(f"{kind.name}.{name}")
            for argument, described in getattr(field, "args", {}).items():
                if not described.description:
                    silent.append(f"{kind.name}.{name}({argument})")
    assert silent == []


def test_every_list_of_rows_is_a_page_or_short():
    """A list that is not a connection's must be known to be short."""
    _, kinds = ours()
    short = {
        "tipTotal",
        "evidence",
        "files",
        "statusHistory",
        "verificationAttempts",
        "rules",
        "findings",
        "spent",
        "payoutVolume",
        "platformFees",
        "royaltiesReceived",
        "balances",
        "total",
        "bySource",
        "byDay",
        "accounts",
        "sessions",
        "apiTokens",
        "connectedAccounts",
        "companions",
        "payments",
        "refunds",
        "disputes",
        "splits",
        "payoutMethods",
        "nodes",
        "edges",
        "userErrors",
        "headers",
    }
    long = []
    for kind in kinds:
        if not isinstance(kind, GraphQLObjectType) or kind.name.endswith(("Payload", "Connection")):
            continue
        for name, field in kind.fields.items():
            inner = field.type.of_type if is_non_null_type(field.type) else field.type
            if is_list_type(inner) and isinstance(get_named_type(inner), GraphQLObjectType) and name not in short:
                long.append(f"{kind.name}.{name}")
    assert long == []


def test_every_connection_is_paged():
    _, kinds = ours()
    for kind in kinds:
        if isinstance(kind, GraphQLInputObjectType):
            continue
        for name, field in getattr(kind, "fields", {}).items():
            if get_named_type(field.type).name.endswith("Connection"):
                assert {"first", "after", "last", "before"} <= set(field.args), f"{kind.name}.{name}"


def test_every_deed_takes_one_input_and_answers_user_errors():
    built, _ = ours()
    for name, field in built.mutation_type.fields.items():
        assert set(field.args) == {"input"}, name
        payload = get_named_type(field.type)
        assert payload.name == name[0].upper() + name[1:] + "Payload"
        assert "userErrors" in payload.fields
