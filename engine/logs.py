"""The log: one line for each message, for programs as JSON, for people as text."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from engine.sight import FACTS, RECORD

TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """Writes a message as one JSON object, with the request, operation and person that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line. Fields that are not known are left out."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts, operation = FACTS.get(), RECORD.get()
        if facts is not None:
            line["request"] = facts.request
            line["user"] = facts.user
        if operation is not None:
            line["operation"] = operation.name
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        known = {name: value for name, value in line.items() if value is not None and value != ""}
        # Not orjson: a lone surrogate, as some exception may quote, must not cost the line.
        return json.dumps(known, default=str)


def set_up(form: str) -> None:
    """Let this process log to standard error.

    Args:
        form: `json` or `text`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
