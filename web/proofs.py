"""`GET /proofs/{cid}`: the proof of a mission, for everybody and for ever. Its address is the hash of its bytes."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.session import Database
from domain.errors import ErrorCode
from resolvers.missions.proofs import read_document

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
UNCHANGING: Final = "public, max-age=31536000, immutable"


def routes(database: Database) -> list[Route]:
    """Make the door."""

    async def get(request: Request) -> Response:
        cid = request.path_params["cid"]
        document = await read_document(database, cid)
        if document is None:
            refusal = {"error": {"code": ErrorCode.NOT_FOUND.value, "message": "There is no proof with this CID."}}
            return JSONResponse(refusal, 404, {**HEADERS, "Cache-Control": "no-store"})
        headers = {**HEADERS, "ETag": f'"{cid}"', "Cache-Control": UNCHANGING}
        if _is_known(request.headers.get("if-none-match", ""), f'"{cid}"'):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = f'inline; filename="{cid}.json"'
        return Response(document, headers=headers, media_type="application/json")

    return [Route("/proofs/{cid}", get, methods=["GET"])]


def _is_known(said: str, tag: str) -> bool:
    """Whether whoever asks has it (RFC 9110, 13.1.2); a weak tag counts as well here."""
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in said.split(","))
