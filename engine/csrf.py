"""No page of another site asks anything through its visitor's browser without having been allowed to (CORS).

A browser sends some requests for any page without asking us first: reads and forms. JSON needs that question by itself;
reads and forms must either come from our own pages, which browsers say in `Sec-Fetch-Site`, or carry a header that no page
can set without the question.
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
    if request.method in READING and request.headers.get("sec-fetch-site") is not None:
        check_form(request)


def check_form(request: Request) -> None:
    """Refuse a form that a page of another site could have sent; where the browser does not say whose page it was, any form.

    Args:
        request: As it came.

    Raises:
        BadRequest: It could be such a form.
    """
    ours = request.headers.get("sec-fetch-site") in OURS
    if not ours and not any(request.headers.get(name) for name in ASKED_FIRST):
        message = f"This needs a header such as {ASKED_FIRST[0]}: 1, which no page of another site can send unasked."
        raise BadRequest(403, "CROSS_SITE_REQUEST", message)
