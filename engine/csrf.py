"""No page of another site asks anything through its visitor's browser without having been allowed to (CORS).

A browser sends some requests for any page without asking us first. Of those only reads are taken here: a body must be
JSON, which needs that question by itself, and a form's body is refused. A read must either come from our own pages, which
browsers say in `Sec-Fetch-Site`, or carry a header that no page can set without the question.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from engine.requests import BadRequest

ASKED_FIRST: Final = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "authorization",
)
"""Headers that a page of another site can set only after the browser has asked whether it may."""

OURS: Final = frozenset({"same-origin", "none"})
READING: Final = frozenset({"GET", "HEAD"})


def check_site(request: Request) -> None:
    """Refuse what a page of another site could have sent without being allowed to.

    Args:
        request: As it came. Without `Sec-Fetch-Site` a GET comes from no browser, or from one of before 2023: nothing of
            its visitor rides on it, since who asks is never known by a cookie.

    Raises:
        BadRequest: It could be such a request.
    """
    if request.method not in READING:
        return
    site = request.headers.get("sec-fetch-site")
    if site is None or site in OURS:
        return
    if not any(request.headers.get(name) for name in ASKED_FIRST):
        message = f"From another site this needs a header such as {ASKED_FIRST[0]}: 1."
        raise BadRequest(403, "CROSS_SITE_REQUEST", message)
