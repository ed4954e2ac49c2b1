"""The twin of Twilio Verify (https://www.twilio.com/docs/verify/api): a code by SMS, and whether it is right.

A verification lives for 10 minutes, in which its code stays the same. It takes 5 sends (then 60203) and 5 checks (then
60202). Once approved, canceled or expired it is not there any more (404, 20404).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import inbox
from integrations.sandbox.forms import read_form
from integrations.sandbox.registration import Registration
from integrations.sandbox.world import World

KIND: Final = "twilio_verification"
LIFETIME_SECONDS: Final = 600
MOST_SENDS: Final = 5
MOST_CHECKS: Final = 5
NUMBER: Final = re.compile(r"\+[1-9]\d{7,14}")
UNREACHABLE: Final = "+15005550001"
"""Twilio's own number for tests that is never valid."""

PENDING: Final = "pending"
APPROVED: Final = "approved"
CANCELED: Final = "canceled"
EXHAUSTED: Final = "max_attempts_reached"

Verification = dict[str, Any]


class Refused(Exception):
    """An error as Twilio answers it: HTTP status, code and sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def routes(world: World, registration: Registration) -> list[Route]:
    """Make the doors of `verify.twilio.com`."""
    twin = Twin(world, registration)
    service = "/v2/Services/{service}"
    return [
        Route(f"{service}/Verifications", twin.door(twin.start, 201), methods=["POST"]),
        Route(f"{service}/Verifications/{{verification}}", twin.door(twin.fetch), methods=["GET"]),
        Route(f"{service}/Verifications/{{verification}}", twin.door(twin.update), methods=["POST"]),
        Route(f"{service}/VerificationCheck", twin.door(twin.check), methods=["POST"]),
        Route("/{path:path}", twin.door(twin.nothing), methods=["GET", "POST", "PUT", "DELETE"]),
    ]


class Twin:
    """One account with one Verify service."""

    def __init__(self, world: World, registration: Registration) -> None:
        self.world = world
        self.registration = registration

    def door(
        self, act: Callable[[Request, dict[str, str]], dict[str, Any]], status: int = 200
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check who asks, then act; what is refused is answered in Twilio's way."""

        async def answer(request: Request) -> Response:
            form = await read_form(request)
            try:
                self._authenticate(request)
                request.state.who = form.get("To")
                with self.world.transaction():
                    return JSONResponse(act(request, form), status)
            except Refused as refusal:
                return _refuse(refusal)

        return answer

    def start(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        """Send a code, or the same again."""
        to, channel = form.get("To", ""), form.get("Channel", "")
        if not NUMBER.fullmatch(to) or to == UNREACHABLE:
            raise Refused(400, 60200, f"Invalid parameter `To`: {to}")
        if channel != "sms":
            raise Refused(400, 60200, f"Invalid parameter `Channel`: {channel}")
        found = self._find(to) or self._make(to)
        if found["status"] == EXHAUSTED:
            raise Refused(429, 60202, "Max check attempts reached")
        if len(found["sends"]) >= MOST_SENDS:
            raise Refused(429, 60203, "Max send attempts reached")
        found["sends"].append({"time": _date(self.world.now()), "channel": "SMS", "attempt_sid": _sid("VL")})
        self._keep(found)
        inbox.keep_sms(
            self.world,
            sender="Verify",
            to=to,
            text=f"Your Backline verification code is: {found['code']}. Don't share this code with anyone.",
        )
        return self._shown(found)

    def check(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        """Say whether a code is right; a right one counts once."""
        code = form.get("Code", "")
        if not 4 <= len(code) <= 10:
            raise Refused(400, 60200, "Invalid parameter: Code")
        if not form.get("To") and not form.get("VerificationSid"):
            raise Refused(400, 60200, "Invalid parameter `To`: ")
        found = self._find(form.get("To") or form["VerificationSid"])
        if found is None:
            raise self._missing(request)
        if found["status"] == EXHAUSTED:
            raise Refused(429, 60202, "Max check attempts reached")
        found["checks"] += 1
        if code == found["code"]:
            self.world.delete(KIND, found["to"])
            found["status"] = APPROVED
        else:
            if found["checks"] >= MOST_CHECKS:
                found["status"] = EXHAUSTED
            self._keep(found)
        shown = self._shown(found)
        for name in ("lookup", "send_code_attempts", "sna", "url"):
            del shown[name]
        return {**shown, "sna_attempts_error_codes": []}

    def fetch(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        """Show a verification by its sid or its number."""
        found = self._find(request.path_params["verification"])
        if found is None:
            raise self._missing(request)
        return self._shown(found)

    def update(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        """Cancel or approve a verification by hand."""
        found = self._find(request.path_params["verification"])
        if found is None:
            raise self._missing(request)
        if form.get("Status") not in {APPROVED, CANCELED}:
            raise Refused(400, 60200, f"Invalid parameter: Status: {form.get('Status', '')}")
        self.world.delete(KIND, found["to"])
        return self._shown({**found, "status": form["Status"]})

    def nothing(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        """Answer what nobody has thought of."""
        raise self._missing(request)

    def _authenticate(self, request: Request) -> None:
        ours = f"{self.registration.twilio_account_sid}:{self.registration.twilio_auth_token}"
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            known = scheme.lower() == "basic" and base64.b64decode(given, validate=True).decode() == ours
        except ValueError:
            known = False
        if not known:
            raise Refused(401, 20003, "Authenticate")
        service = request.path_params.get("service")
        if service is not None and service != self.registration.twilio_service_sid:
            raise self._missing(request)

    def _missing(self, request: Request) -> Refused:
        path = request.url.path.partition("/v2")[2]
        return Refused(404, 20404, f"The requested resource {path} was not found")

    def _find(self, name: str) -> Verification | None:
        """Find what lives under a number or a sid."""
        found = self.world.get(KIND, name)
        if found is None and name.startswith("VE"):
            found = next((each for each in self.world.all(KIND).values() if each["sid"] == name), None)
        if found is None or self.world.now() >= found["created_at"] + LIFETIME_SECONDS:
            return None
        return found

    def _make(self, to: str) -> Verification:
        return {
            "sid": _sid("VE"),
            "to": to,
            "code": f"{secrets.randbelow(10**6):06d}",
            "status": PENDING,
            "created_at": self.world.now(),
            "updated_at": self.world.now(),
            "sends": [],
            "checks": 0,
        }

    def _keep(self, verification: Verification) -> None:
        verification["updated_at"] = self.world.now()
        self.world.put(KIND, verification["to"], verification)

    def _shown(self, verification: Verification) -> dict[str, Any]:
        service = self.registration.twilio_service_sid
        return {
            "sid": verification["sid"],
            "service_sid": service,
            "account_sid": self.registration.twilio_account_sid,
            "to": verification["to"],
            "channel": "sms",
            "status": verification["status"],
            "valid": verification["status"] == APPROVED,
            "date_created": _date(verification["created_at"]),
            "date_updated": _date(verification["updated_at"]),
            "lookup": {},
            "amount": None,
            "payee": None,
            "send_code_attempts": verification["sends"],
            "sna": None,
            "url": f"https://verify.twilio.com/v2/Services/{service}/Verifications/{verification['sid']}",
        }


def _refuse(refusal: Refused) -> Response:
    link = f"https://www.twilio.com/docs/errors/{refusal.code}"
    body = {"code": refusal.code, "message": refusal.message, "more_info": link, "status": refusal.status}
    challenge = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if refusal.status == 401 else None
    return JSONResponse(body, refusal.status, challenge)


def _sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
