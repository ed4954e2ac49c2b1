"""Bodies of HTML forms, as OAuth and Twilio take them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request


async def read_form(request: Request) -> dict[str, str]:
    """Read a body of `application/x-www-form-urlencoded`; of a field that is there twice the last counts.

    A body of another kind has no fields, as at the vendors.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    text = (await request.body()).decode(errors="replace")
    return dict(parse_qsl(text, keep_blank_values=True))
