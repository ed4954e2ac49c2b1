"""Spotify's own OpenAPI file as a judge of requests and answers.

`validate_call(call)` takes an entry of the sandbox's log of calls (`GET /control/calls`) and raises `Unlike` with what is
not as the file says. The file is not part of this repository: `SPOTIFY.is_file()` says whether it is here.

Four things in the file cannot be taken to the letter, and are read as Spotify's other texts have them:

* where a description says that something can be `null` without `nullable`, null is allowed;
* `discriminator` without a mapping names schemas that are not there (`track`); `type` tells them apart without it;
* what Spotify's guide to local files says is null or empty there may be null, though the schema of tracks says otherwise;
* 204 ("Playback not available or active") is listed for the whole player and not for what plays now, which is a part of it.
"""

import copy
import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from integrations.sandbox.world import ANSWER_KEPT

SPOTIFY = Path(__file__).parents[3] / "shared" / "data" / "vendors" / "spotify-openapi.yml"
HOST = "api.spotify.com"
BASE = "/v1"
PLAYER = "/me/player"
NOW = f"{PLAYER}/currently-playing"
NULL = {"enum": [None], "nullable": True}
SAYS_NULL = re.compile(r"\bnull\b")


class Unlike(AssertionError):
    """What is not as the file says."""


@dataclass(frozen=True)
class Seen:
    """What was judged: the operation (None where the file has none), the status, and whether the answer's body was."""

    operation: str | None
    status: int | None
    body: bool


class Contract:
    """The file, read once."""

    def __init__(self, path=SPOTIFY):
        self.document = yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.document = json.loads(json.dumps(self.document, default=str))
        self.document["paths"][NOW]["get"]["responses"]["204"] = self.document["paths"][PLAYER]["get"]["responses"][
            "204"
        ]
        self.relaxed = 0
        self._settle(self.document["components"]["schemas"])
        local = copy.deepcopy(self.document)
        for schema in _objects(local["components"]["schemas"]):
            schema["properties"] = {name: {"anyOf": [each, NULL]} for name, each in schema["properties"].items()}
        resources = [("urn:spotify", self.document), ("urn:spotify-local", local)]
        self.registry = Registry().with_resources(
            (name, Resource(contents=contents, specification=DRAFT4)) for name, contents in resources
        )
        self.paths = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), path) for path in self.document["paths"]
        ]

    def _settle(self, schemas):
        """Read null where a description says it, and leave discriminators out."""
        for schema in _objects(schemas):
            for name, each in schema["properties"].items():
                each.pop("discriminator", None)
                if SAYS_NULL.search(each.get("description", "")) and not each.get("nullable"):
                    schema["properties"][name] = {"anyOf": [each, NULL]}
                    self.relaxed += 1

    def operation(self, method, path):
        """Find an operation: its template and itself."""
        for pattern, template in self.paths:
            if pattern.fullmatch(path) and method.lower() in self.document["paths"][template]:
                return template, self.document["paths"][template][method.lower()]
        raise Unlike(f"There is no {method} {path}.")

    def resolve(self, schema):
        """Follow a reference."""
        while "$ref" in schema:
            found = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def check_request(self, method, path, query):
        """Check a request's path and its query; gives the operation's name."""
        template, operation = self.operation(method, path)
        known = {
            parameter["name"]: parameter
            for parameter in map(self.resolve, operation.get("parameters", ()))
            if parameter["in"] == "query"
        }
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
        given = dict(pairs)
        if len(given) != len(pairs):
            raise Unlike(f"{template}: a parameter comes twice in {query}.")
        if unknown := sorted(set(given) - set(known)):
            raise Unlike(f"{template} has no parameter {', '.join(unknown)}.")
        if missing := sorted(name for name, each in known.items() if each.get("required") and name not in given):
            raise Unlike(f"{template} needs {', '.join(missing)}.")
        for name, text in given.items():
            schema = known[name]["schema"]
            self._check(_read(text, schema), schema, f"{template}?{name}")
        return operation["operationId"]

    def check_answer(self, method, path, status, body):
        """Check an answer's status and body (bytes); gives whether there was a body to check."""
        template, operation = self.operation(method, path)
        where = f"{template} {status}"
        if 200 <= status < 300 and str(status) not in operation["responses"]:
            raise Unlike(f"{where} is not foreseen.")
        # 400 and 404 are not listed beside every operation; they have the shape of the other errors.
        response = self.resolve(operation["responses"].get(str(status)) or operation["responses"]["401"])
        content = response.get("content", {}).get("application/json")
        if content is None:
            if body:
                raise Unlike(f"{where} has no body.")
            return False
        value = json.loads(body)
        item = value.get("item") if isinstance(value, dict) else None
        if isinstance(item, dict) and item.get("is_local"):
            self._check(item, {"$ref": "#/components/schemas/TrackObject"}, where, "urn:spotify-local")
            self._check_names(item, {"$ref": "#/components/schemas/TrackObject"}, where)
            value = value | {"item": None}
        self._check(value, content["schema"], where)
        self._check_names(value, content["schema"], where)
        if status >= 400 and value["error"]["status"] != status:
            raise Unlike(f"{where}: its body says {value['error']['status']}.")
        return True

    def _check(self, value, schema, where, document="urn:spotify"):
        schema = json.loads(json.dumps(schema).replace('"#/', f'"{document}#/'))
        validator = OAS30Validator(schema, registry=self.registry, format_checker=oas30_format_checker)
        for error in validator.iter_errors(value):
            raise Unlike(f"{where}: {error.json_path}: {error.message}")

    def _check_names(self, value, schema, where):
        """Refuse fields that the file does not know: schemas are open, and would let a misspelled one pass."""
        if isinstance(value, list):
            items = next((each["items"] for each in self._parts(schema, value) if "items" in each), {})
            for each in value:
                self._check_names(each, items, where)
        elif isinstance(value, dict):
            known = {}
            for part in self._parts(schema, value):
                for name, each in part.get("properties", {}).items():
                    # A list of items is open in one part and closed in another: the last one counts.
                    known[name] = each
            if known and (unknown := sorted(set(value) - set(known))):
                raise Unlike(f"{where} has no field {', '.join(unknown)}.")
            for name, each in value.items():
                self._check_names(each, known.get(name, {}), f"{where}.{name}")

    def _parts(self, schema, value):
        """The schemas that say what is in a value: the parts of `allOf`, of `oneOf` and `anyOf` the one that fits."""
        schema = self.resolve(schema)
        yield schema
        for part in schema.get("allOf", ()):
            yield from self._parts(part, value)
        for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
            kinds = [
                each["properties"]["type"].get("enum")
                for each in self._parts(part, value)
                if "type" in each.get("properties", {})
            ]
            if not isinstance(value, dict) or not kinds or value.get("type") in (kinds[0] or [value.get("type")]):
                yield from self._parts(part, value)


def _objects(node):
    """Every schema with properties, inner ones first."""
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(each)
    if isinstance(node, dict) and isinstance(node.get("properties"), dict):
        yield node


def _read(text, schema):
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return text.split(",") if schema.get("type") == "array" else text


@functools.cache
def contract():
    """The file, read when it is first asked for."""
    return Contract()


def validate_call(call):
    """Judge an entry of the log of calls: a request to the Web API and what was answered.

    A call that met a fault is judged by its request alone, for the answer is the fault's; so is one whose answer was too
    long to be kept whole. Calls of other hosts are not judged.

    Raises:
        Unlike: Something is not as the file says.
    """
    if call["host"] != HOST:
        return Seen(None, call["status"], body=False)
    path = call["path"].removeprefix(BASE)
    operation = contract().check_request(call["method"], path, call["query"])
    if not call["authorization"].startswith("Bearer ") and call["status"] != 401:
        raise Unlike(f"{operation} was answered without a token.")
    body = (call["answer"] or "").encode()
    if call["fault"] not in {None, "delay"} or call["status"] is None or len(body) >= ANSWER_KEPT:
        return Seen(operation, call["status"], body=False)
    return Seen(operation, call["status"], contract().check_answer(call["method"], path, call["status"], body))
