"""The way to each vendor: every request is noted, meets the faults that are on, and then its twin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.sandbox import faults
from integrations.sandbox.faults import Fault, Rule
from integrations.sandbox.world import World

LARGEST_BODY: Final = 4 * 1024 * 1024
HANG_UP: Final = "backline.hang_up"
"""In the scope: a function that closes the connection once what was sent is on its way. See run.py."""

PAGE: Final = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


@dataclass
class Answer:
    """What a twin said, whole."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        """Be the `send` of a twin."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class Door:
    """An ASGI app in front of one vendor's twin.

    The twin may say whose account a request was about: `request.state.who = "mina"`. It is in the log of calls.
    """

    def __init__(self, twin: ASGIApp, *, host: str, world: World) -> None:
        self.twin = twin
        self.host = host
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, let it meet its faults, and note what came of it."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        scope = {**scope, "state": {**scope.get("state", {}), "who": None}}
        body = await _read(receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        call = self.world.note_call(
            host=self.host,
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            authorization=dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"),
            body=body[:LARGEST_BODY],
        )
        rules = faults.choose(self.world, self.host, scope["method"], path)
        answer: Answer | None = Answer()
        try:
            answer = await self._answer(rules, scope, body, receive, send)
        except asyncio.CancelledError:
            # The sandbox ends, and a request of its own task with it: nobody hears anything more.
            answer = None
        finally:
            self.world.end_call(
                call,
                who=scope["state"]["who"],
                status=answer.status if answer else None,
                seconds=time.monotonic() - began,
                answer=bytes(answer.body) if answer else b"",
                fault="+".join(rule.kind for rule in rules) or None,
            )

    async def _answer(
        self, rules: list[Rule], scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> Answer | None:
        """Send what the rules leave of the answer; returns what was sent, None if nothing was."""
        await asyncio.sleep(sum(rule.seconds for rule in rules if rule.kind is Fault.DELAY))
        rule = next((rule for rule in rules if rule.kind is not Fault.DELAY), None)
        answer = Answer(status=413)
        if len(body) <= LARGEST_BODY and (rule is None or rule.kind in faults.AFTER_EFFECT):
            answer = Answer()
            await self.twin(scope, _replay(body), answer.take)
        if rule is None:
            await _send(answer, send)
            return answer
        if rule.kind in {Fault.DROP, Fault.DROP_AFTER_EFFECT}:
            await _hang_up(scope, receive)
            return None
        if rule.kind is Fault.HALF_JSON:
            await _send_half(answer, send)
            await _hang_up(scope, receive)
            return answer
        answer = INSTEAD[rule.kind](rule)
        await _send(answer, send)
        return answer


async def _read(receive: Receive) -> bytes:
    """Read a body, or just more of it than is taken."""
    parts, size = [], 0
    while size <= LARGEST_BODY:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _replay(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _send(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": bytes(answer.body)})


async def _send_half(answer: Answer, send: Send) -> None:
    whole = bytes(answer.body)
    headers = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
    # An answer without a body, such as 204, has no half: it promises one that never comes.
    length = str(max(len(whole), 2)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": answer.status if whole else 200,
            "headers": [*headers, (b"content-length", length)],
        }
    )
    await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection, and return when it is closed: nothing more is expected of us then."""
    scope[HANG_UP]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _status(rule: Rule) -> Answer:
    headers = {"content-type": "application/json", **{name.lower(): text for name, text in rule.headers.items()}}
    if rule.seconds and "retry-after" not in headers:
        headers["retry-after"] = f"{rule.seconds:g}"
    return _made(rule, headers, (rule.body or "").encode())


def _html(rule: Rule) -> Answer:
    return _made(rule, {"content-type": "text/html; charset=utf-8"}, PAGE)


def _empty(rule: Rule) -> Answer:
    return _made(rule, {"content-type": "application/json"}, b"")


def _huge(rule: Rule) -> Answer:
    return _made(rule, {"content-type": "application/json"}, b'{"filler":"' + b"x" * faults.HUGE_BYTES + b'"}')


def _made(rule: Rule, headers: dict[str, str], body: bytes) -> Answer:
    status = rule.status or faults.DEFAULT_STATUS.get(rule.kind, 200)
    headers = {**headers, "content-length": str(len(body))}
    return Answer(status, [(name.encode(), text.encode("latin-1")) for name, text in headers.items()], bytearray(body))


INSTEAD: Final[dict[Fault, Callable[[Rule], Answer]]] = {
    Fault.STATUS: _status,
    Fault.STATUS_AFTER_EFFECT: _status,
    Fault.HTML: _html,
    Fault.EMPTY: _empty,
    Fault.HUGE: _huge,
}
