"""Files that come with a mutation: the examples of the specification, and everything that is no such request."""

from __future__ import annotations

import pytest

from engine.requests import JSON, RESPONSE_JSON
from tests.engine.doors.forms import (
    ASKED,
    BODY,
    END,
    FORM,
    KEEP,
    KEEP_ALL,
    KNOWN,
    MAP,
    ONE,
    PART,
    RAN,
    TEXT,
    fields,
    make_door,
    on_disk,
    only_error,
    said,
    send,
)
from tests.engine.doors.porch import Guest, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arriving")


@pytest.fixture(scope="module")
async def door(folder):
    async with serving(make_door(folder)) as address:
        yield address


@pytest.fixture(autouse=True)
def fresh():
    RAN.clear()


async def test_a_single_file(client, door, folder):
    answer = await send(client, door, fields(ONE, MAP, TEXT))
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
    assert answer.json() == {"data": {"keep": said("a.txt", "text/plain", TEXT[1][1])}}
    assert on_disk(folder) == []


async def test_a_list_of_files_in_another_order_and_one_in_two_places(client, door):
    asked = {"query": KEEP_ALL, "variables": {"files": [None, None, None]}}
    places = {"0": ["variables.files.0", "variables.files.2"], "1": ["variables.files.1"]}
    second = ("1", ("b.bin", b"x" * 200_000, None))
    answer = await send(client, door, fields(asked, places, second, TEXT), accept=RESPONSE_JSON)
    first = said("a.txt", "text/plain", TEXT[1][1])
    expected = [first, said("b.bin", "application/octet-stream", second[1][1]), first]
    assert answer.json() == {"data": {"keepAll": expected}}


async def test_places_that_stay_null_and_an_empty_file(client, door):
    asked = {
        "query": "mutation Some($input: Sent!) { keepSome(input: $input) } mutation Other { touch }",
        "operationName": "Some",
        "variables": {"input": {"title": "Three", "files": [None, None, None]}},
    }
    places = {"first": ["variables.input.files.1"], "second": ["variables.input.files.2"]}
    files = [("first", ("ü.txt", "hör".encode())), ("second", ("empty", b""))]
    answer = await send(client, door, fields(asked, places, *files))
    assert answer.json() == {"data": {"keepSome": ["Three", None, "hör", ""]}}


async def test_a_trusted_document_by_its_id_and_no_other_where_only_those_pass(client, folder):
    async with serving(make_door(folder, only=True)) as at:
        known = {"documentId": f"sha256:{KNOWN}", "variables": {"file": None}}
        answer = await send(client, at, fields(known, MAP, TEXT))
        assert answer.json()["data"]["keep"].startswith("a.txt ")
        RAN.clear()
        other = {**ONE, "query": f"{KEEP} "}
        refused = await send(client, at, fields(other, MAP, ("0", ("a", b"x" * 300_000))))
        assert only_error(refused)["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert (RAN, on_disk(folder)) == ([], [])


NULLS = {"query": KEEP_ALL, "variables": {"files": [None], "text": "a"}}
TOUCH = {"query": "mutation ($text: String) { touch(text: $text) }", "variables": {"text": None}}
WRONG = {
    "no JSON": (fields("{", MAP, TEXT), "`operations`"),
    "several at a time": (fields([ONE], {"0": ["0.variables.file"]}, TEXT), "several"),
    "no JSON in map": (fields(ONE, "{0", TEXT), "`map`"),
    "map is a list": (fields(ONE, [["variables.file"]], TEXT), "`map`"),
    "map is empty": (fields(ONE, {}), "`map`"),
    "paths are a text": (fields(ONE, {"0": "variables.file"}, TEXT), "'0'"),
    "no paths": (fields(ONE, {"0": []}, TEXT), "'0'"),
    "a path is a number": (fields(ONE, {"0": [0]}, TEXT), "'0'"),
    "many paths": (fields(ONE, {"0": [f"variables.{n}" for n in range(11)]}, TEXT), "10 paths"),
    "another root": (fields(ONE, {"0": ["query"]}, TEXT), "'query'"),
    "the root itself": (fields(ONE, {"0": ["variables"]}, TEXT), "'variables'"),
    "nowhere": (fields(ONE, {"0": ["variables.other"]}, TEXT), "'variables.other'"),
    "beyond a list": (fields(NULLS, {"0": ["variables.files.1"]}, TEXT), "'variables.files.1'"),
    "before a list": (fields(NULLS, {"0": ["variables.files.-1"]}, TEXT), "'variables.files.-1'"),
    "a long number": (fields(NULLS, {"0": ["variables.files." + "9" * 5000]}, TEXT), "leads to no null"),
    "another way of writing it": (fields(NULLS, {"0": ["variables.files.00"]}, TEXT), "'variables.files.00'"),
    "into a text": (fields(NULLS, {"0": ["variables.text.0"]}, TEXT), "'variables.text.0'"),
    "no null": (fields(NULLS, {"0": ["variables.text"]}, TEXT), "'variables.text'"),
    "a path twice": (fields(ONE, {"0": ["variables.file", "variables.file"]}, TEXT), "twice"),
    "a path of two": (fields(ONE, {"0": ["variables.file"], "1": ["variables.file"]}, TEXT), "twice"),
    "through a file": (fields(ONE, {"0": ["variables.file", "variables.file.filename"]}, TEXT), "filename"),
    "map first": ([*fields()[::-1], TEXT], "`operations` must come"),
    "operations last": ([TEXT, *fields()], "not '0'"),
    "no map": ([fields()[0], TEXT], "`map` must come"),
    "nothing": ([("x", (None, b""))], "`operations` must come"),
    "not announced": (fields(ONE, MAP, TEXT, ("1", ("b", b"b"))), "'1'"),
    "operations again": (fields(ONE, MAP, TEXT, fields()[0]), "'operations'"),
    "missing": (fields(), "'0'"),
    "one came, one is missing": (
        fields({**NULLS, "variables": {"files": [None] * 2}}, {n: [f"variables.files.{n}"] for n in "01"}, TEXT),
        "'1'",
    ),
    "twice": (fields(ONE, MAP, TEXT, TEXT), "twice"),
    "no file": (fields(ONE, MAP, ("0", (None, b"text"))), "`filename`"),
    "a variable that nobody has": (
        fields({**ONE, "variables": {"file": None, "more": None}}, {"0": ["variables.more"]}, TEXT),
        None,
    ),
    "a place for a text": (fields(TOUCH, {"0": ["variables.text"]}, TEXT), None),
    "nothing takes it": (
        fields({"query": "mutation { touch }", "variables": {"file": None}}, MAP, TEXT),
        "no variable that takes the file '0'",
    ),
    "a query": (
        fields({"query": "query ($file: File) { look(file: $file) }", "variables": {"file": None}}, MAP, TEXT),
        "mutations only",
    ),
    "a fault in the document": (fields({**ONE, "query": "mutation {"}, MAP, TEXT), None),
    "another operation": (fields({**ONE, "operationName": "Other"}, MAP, TEXT), None),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_named_and_nothing_runs(client, door, folder, case):
    parts, named = WRONG[case]
    answer = await send(client, door, parts, accept=RESPONSE_JSON)
    error = only_error(answer)
    assert answer.status_code == 400, error
    assert named is None or named in error["message"], error
    assert "object at" not in error["message"]
    assert (RAN, on_disk(folder)) == ([], [])


BYTES = {
    "whole": (BODY + b"x" + END, {}, 200, None),
    "another name for the type": (
        BODY + b"x" + END,
        {"content-type": FORM.replace("multipart", "Multipart")},
        200,
        None,
    ),
    "no last boundary": (BODY + b"x", {}, 400, "last boundary"),
    "nothing at all": (b"", {}, 400, "last boundary"),
    "another boundary": (BODY.replace(b"cut", b"tuc") + END, {}, 400, "no multipart/form-data"),
    "no boundary": (BODY + END, {"content-type": "multipart/form-data"}, 400, "boundary"),
    "a long boundary": (BODY + END, {"content-type": f"{FORM}{'x' * 100}"}, 400, "boundary"),
    "no name": (BODY.replace(b'name="map"', b"x"), {}, 400, "`name`"),
    "a header of 3,000 bytes": (BODY + b"\r\n--cut\r\nX: " + b"x" * 3000, {}, 400, "header size"),
    "ten headers": (b"--cut\r\n" + b"X: y\r\n" * 10, {}, 400, "header count"),
    "compressed": (BODY + b"x" + END, {"content-encoding": "gzip"}, 415, "compressed"),
    "another type that begins like it": (BODY, {"content-type": FORM.replace("form-data", "form-dataX")}, 415, "body"),
    "another multipart": (BODY, {"content-type": FORM.replace("form-data", "mixed")}, 415, "body"),
    "a long list of operations": (BODY.replace(b'{"file"', b" " * 131_072 + b'{"file"'), {}, 413, "`operations`"),
    "a long map": (BODY.replace(b'{"0"', b" " * 20_000 + b'{"0"'), {}, 413, "`map`"),
    "many parts": (BODY + b"x" + PART * 10, {}, 413, "10 files"),
}


@pytest.mark.parametrize("case", BYTES)
async def test_bytes_that_are_no_form(client, door, folder, case):
    body, headers, status, named = BYTES[case]
    headers = {"content-type": FORM, **ASKED, "authorization": "Bearer mina", **headers}
    answer = await client.post(f"http://{door}/graphql", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert named is None or named in only_error(answer)["message"], answer.text
    assert status == 200 or RAN == []
    assert on_disk(folder) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
async def test_a_form_of_another_site_is_refused_before_it_is_read(client, door, folder, site):
    made = len(Guest.made)
    headers = {} if site is None else {"sec-fetch-site": site}
    answer = await send(client, door, fields(ONE, MAP, TEXT), name=None, **headers)
    assert (answer.status_code, only_error(answer)["extensions"]["code"]) == (403, "CROSS_SITE_REQUEST")
    empty = await send(client, door, fields("{"), name=None, **headers, **dict.fromkeys(ASKED, ""))
    assert empty.status_code == 403
    assert (RAN, len(Guest.made), on_disk(folder)) == ([], made, [])


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, ASKED, {"apollo-require-preflight": "true"}],
)
async def test_strangers_pass_that_door_and_may_send_nothing(client, door, folder, headers):
    answer = await send(client, door, fields(ONE, MAP, ("0", ("a", b"x" * 300_000))), name=None, **headers)
    assert (answer.status_code, only_error(answer)["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert (RAN, on_disk(folder)) == ([], [])


async def test_a_proof_that_does_not_hold(client, door):
    answer = await send(client, door, fields(ONE, MAP, TEXT), name="bad")
    assert (answer.status_code, only_error(answer)["extensions"]["code"], RAN) == (401, "UNAUTHENTICATED", [])


@pytest.mark.parametrize("value", ["x", 1, True, {"filename": "a"}, ["x"], {}])
async def test_nothing_in_json_is_a_file(client, door, value):
    headers = {"accept": RESPONSE_JSON, "authorization": "Bearer mina"}
    for asked in ({**ONE, "variables": {"file": value}}, {"query": 'mutation { keep(file: "x") }'}):
        answer = await client.post(f"http://{door}/graphql", json=asked, headers=headers)
        assert answer.status_code == 400
        assert "file" in only_error(answer)["message"]
    assert RAN == []


async def test_a_deed_that_fails_leaves_nothing_either(client, door, folder):
    asked = {**ONE, "query": ONE["query"].replace("keep", "stumble")}
    answer = await send(client, door, fields(asked, MAP, ("0", ("a", b"x" * 300_000))))
    assert only_error(answer)["extensions"]["code"] == "INTERNAL"
    assert (RAN, on_disk(folder)) == (["stumble"], [])


async def test_too_much_is_413_and_nothing_stays(client, folder):
    async with serving(make_door(folder, file_bytes=100_000, upload_bytes=300_000, files=3)) as at:
        headers = {"content-type": FORM, "authorization": "Bearer mina"}
        exact = await send(client, at, fields(ONE, MAP, ("0", ("a", b"x" * 100_000))))
        assert exact.status_code == 200
        RAN.clear()
        one_more = await send(client, at, fields(ONE, MAP, ("0", ("a", b"x" * 100_001))))
        assert only_error(one_more)["extensions"]["code"] == "FILE_TOO_LARGE"
        asked = {"query": KEEP_ALL, "variables": {"files": [None] * 4}}
        places = {str(n): [f"variables.files.{n}"] for n in range(4)}
        many = await send(client, at, fields(asked, places, *[(str(n), ("a", b"a")) for n in range(4)]))
        assert only_error(many)["extensions"]["code"] == "TOO_MANY_FILES"
        del places["3"], asked["variables"]["files"][3]
        whole = fields(asked, places, *[(str(n), ("a", b"a" * 99_900)) for n in range(3)])
        announced = await send(client, at, whole)

        async def unannounced():
            yield BODY
            for _ in range(40):
                yield b"x" * 9_000

        chunked = await client.post(f"http://{at}/graphql", content=unannounced(), headers=headers)
        for answer in (one_more, many, announced, chunked):
            assert answer.status_code == 413
        assert only_error(announced)["extensions"]["code"] == "BODY_TOO_LARGE"
        assert (RAN, on_disk(folder)) == ([], [])
