"""What people got: mails and SMS, with the code in them if there is one."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, Final

from integrations.sandbox.world import World

MAIL: Final = "mail"
SMS: Final = "sms"
KEPT: Final = 500
CODE: Final = re.compile(r"(?<![\w.,:/-])\d{4,8}(?![\w:/-])")


def keep_mail(world: World, *, sender: str, to: str, subject: str, text: str) -> None:
    """Put a mail into somebody's inbox."""
    _keep(world, MAIL, {"from": sender, "to": to, "subject": subject, "text": text})


def keep_sms(world: World, *, sender: str, to: str, text: str) -> None:
    """Put an SMS into somebody's inbox."""
    _keep(world, SMS, {"from": sender, "to": to, "subject": None, "text": text})


def _keep(world: World, kind: str, value: dict[str, Any]) -> None:
    with world.transaction():
        world.put(kind, secrets.token_hex(8), {**value, "received_at": time.time()})
        kept = list(world.all(kind))
        for key in kept[:-KEPT]:
            world.delete(kind, key)


def listed(world: World, *, to: str | None = None, since: float = 0.0) -> list[dict[str, Any]]:
    """The messages to somebody or to all, oldest first.

    Each is `{id, kind, from, to, subject, text, code, received_at}`: `kind` is mail or sms, `subject` is null for an SMS,
    `code` the first code in it or null, `received_at` seconds since 1970; those after `since` are given.
    """
    messages = [
        _shown(kind, key, value)
        for kind in (MAIL, SMS)
        for key, value in world.all(kind).items()
        if value["received_at"] > since and to in {None, value["to"]}
    ]
    return sorted(messages, key=lambda message: message["received_at"])


def _shown(kind: str, key: str, value: dict[str, Any]) -> dict[str, Any]:
    found = CODE.search(f"{value['subject'] or ''}\n{value['text']}")
    return {
        "id": key,
        "kind": kind,
        "from": value["from"],
        "to": value["to"],
        "subject": value["subject"],
        "text": value["text"],
        "code": found.group() if found else None,
        "received_at": value["received_at"],
    }


def clear(world: World) -> int:
    """Empty all inboxes; returns how many messages there were."""
    with world.transaction():
        return world.delete(MAIL) + world.delete(SMS)
