"""`GET /proofs/{cid}`: the signed document of a mission, for everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.session import Database
from resolvers.missions.proofs import read_document

FOR_EVER = "public, max-age=31536000, immutable"
"""The address is the hash of the content: it never changes."""


def routes(database: Database) -> list[Route]:
    """The door."""

    async def give(request: Request) -> Response:
        cid = request.path_params["cid"]
        document = await read_document(database, cid)
        if document is None:
            return PlainTextResponse("There is no such proof.", 404)
        headers = {"etag": f'"{cid}"', "cache-control": FOR_EVER, "x-content-type-options": "nosniff"}
        if f'"{cid}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(document, headers=headers, media_type="application/json")

    return [Route("/proofs/{cid}", give)]
