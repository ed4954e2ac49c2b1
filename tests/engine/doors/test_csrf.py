"""What a page of another site may not make its visitor's browser ask."""

from __future__ import annotations

import pytest

from engine.requests import JSON
from tests.engine.doors.porch import TOUCHED, Guest

READ = {"query": "{ hello }"}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_read_for_another_site_is_refused(client, address, method, site):
    url = f"http://{address}/graphql"
    refused = await client.request(method, url, params=READ, headers={"sec-fetch-site": site})
    assert refused.status_code == 403
    if method == "GET":
        assert refused.json()["errors"][0]["extensions"]["code"] == "CROSS_SITE_REQUEST"
    empty = {"sec-fetch-site": site, "graphql-require-preflight": ""}
    assert (await client.request(method, url, params=READ, headers=empty)).status_code == 403
    assert TOUCHED == Guest.made == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "graphql-require-preflight": "1"},
        {"sec-fetch-site": "cross-site", "apollo-require-preflight": "true"},
        {"sec-fetch-site": "same-site", "x-apollo-operation-name": "Hello"},
        {"sec-fetch-site": "cross-site", "authorization": "Bearer mina"},
    ],
)
async def test_reads_of_our_own_pages_and_of_those_that_were_allowed_are_answered(client, address, headers):
    answer = await client.get(f"http://{address}/graphql", params=READ, headers=headers)
    assert answer.json()["data"]["hello"].startswith("Hello, ")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *((kind, 415) for kind in ("text/plain", "application/x-www-form-urlencoded", None)),
        ("multipart/form-data; boundary=x", 400),
    ],
)
async def test_no_form_does_anything(client, address, kind, status):
    headers = {"sec-fetch-site": "same-origin", **({"content-type": kind} if kind else {})}
    body = b'{"query": "mutation { touch }"}'
    assert (await client.post(f"http://{address}/graphql", content=body, headers=headers)).status_code == status
    assert TOUCHED == Guest.made == []


async def test_a_json_body_needs_no_more(client, address):
    headers = {"sec-fetch-site": "cross-site", "content-type": JSON}
    answer = await client.post(f"http://{address}/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert answer.status_code == 200
