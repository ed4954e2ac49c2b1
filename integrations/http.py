"""The one way in which vendors are spoken to: with patience that ends, and with suspicion of what they answer."""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from domain.errors import RateLimited, Unavailable

log = logging.getLogger(__name__)

MAX_ANSWER: Final = 1_000_000
"""Bytes of the longest answer that is read, before and after it is unpacked; the longest of use has some 200,000."""

RETRY_AFTER: Final = 30.0
"""How many seconds to leave a vendor alone who asks for it and does not say how long."""

MAX_RETRY_AFTER: Final = 60 * 60.0
"""Who says longer is asked again after an hour all the same."""

GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Patience:
    """How long a vendor may take, in seconds: to be reached, and for everything until its answer is read."""

    connect: float = 3.0
    whole: float = 8.0


PATIENCE: Final = Patience()


class Line:
    """The line to one vendor.

    It follows no redirect, asks no proxy of the environment, keeps no cookie (one person's would go out with the next
    one's request), reads no more of an answer than `MAX_ANSWER`, and says in the log who failed and how, but no
    address, token or body.
    """

    def __init__(
        self, vendor: str, base_url: str, *, auth: httpx.Auth | None = None, patience: Patience = PATIENCE
    ) -> None:
        """Take a vendor's name, as people know it, and its address; nothing is opened before the first request."""
        self.vendor = vendor
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=base_url,
            auth=auth,
            transport=Bounded(httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False)),
            timeout=httpx.Timeout(patience.whole, connect=patience.connect),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Backline"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | str | None = None,
        file: tuple[str, bytes, str] | None = None,
        headers: Mapping[str, str] | None = None,
        haste_told: bool = True,
    ) -> httpx.Response:
        """Send a request, and read the answer whole.

        Args:
            method: The method.
            path: Where to, below the vendor's address.
            params: What goes into the address.
            form: What is sent as a form: names and values, or the form as it is written.
            file: A file that is sent as the form's field `file`: its name, content and media type.
            headers: What goes with it.
            haste_told: Whether an answer of 429 is a refusal; false gives it to the caller, who knows it better.

        Returns:
            An answer of 2xx or 4xx: what the latter means depends on what was asked.

        Raises:
            RateLimited: The vendor is asked too often.
            Unavailable: It cannot be reached, takes too long, answers too much, elsewhere (3xx) or with 5xx. It may
                have done what was asked.
        """
        sent = {**(headers or {})}
        if isinstance(form, str):
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        request = self._http.build_request(
            method,
            path,
            params=params,
            content=form if isinstance(form, str) else None,
            data=form if isinstance(form, Mapping) else None,
            files={"file": file} if file else None,
            headers=sent,
        )
        answer = await self._send(request)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            if haste_told:
                raise self.hasty(answer)
        elif not (answer.is_success or answer.is_client_error):
            log.warning("%s answered with HTTP %d.", self.vendor, answer.status_code)
            raise self.silent()
        return answer

    def hasty(self, answer: httpx.Response) -> RateLimited:
        """Make the refusal of an answer that asks us to come back later."""
        seconds = retry_after(answer)
        log.info("%s is asked too often; next in %.0f s.", self.vendor, seconds)
        return RateLimited(f"{self.vendor} is asked too often; try again later.", retry_after_seconds=seconds)

    def refused(self, answer: httpx.Response, code: object = None) -> Unavailable:
        """Make the refusal of an answer of 4xx that blames us, not who asked: somebody has to look at our settings.

        Args:
            answer: The answer.
            code: What the vendor calls the fault, if that is a word or number of its documents.
        """
        log.error("%s refuses us: HTTP %d, code %s. Look at its settings.", self.vendor, answer.status_code, code)
        return self.silent()

    def silent(self) -> Unavailable:
        """Make the refusal of a vendor that does not answer, or not in a way that can be understood."""
        return Unavailable(f"{self.vendor} does not answer; try again later.")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        base = self._http.base_url
        if (request.url.scheme, request.url.netloc) != (base.scheme, base.netloc):
            # A whole address in place of a path: whoever could write it would choose whom we ask, and who gets our token.
            raise ValueError(f"That is not an address of {self.vendor}.")
        try:
            async with asyncio.timeout(self._patience.whole):
                try:
                    return await self._http.send(request)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    # Nothing was sent: that is tried once more. Whatever fails later may have been heard.
                    return await self._http.send(request)
        except (httpx.HTTPError, TimeoutError, TooMuch) as error:
            log.warning("%s did not answer (%s).", self.vendor, type(error).__name__)
            raise self.silent() from None


class TooMuch(Exception):
    """An answer is longer than any should be, or is packed in a way that was not asked for."""


class Bounded(httpx.AsyncBaseTransport):
    """Reads each answer to its end, or to where it is too long, and unpacks it itself: httpx would without a bound."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            TooMuch: The answer is too long.
        """
        answer = await self._inner.handle_async_request(request)
        try:
            content = bytearray()
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > MAX_ANSWER:
                    raise TooMuch
        finally:
            await answer.aclose()
        packing = answer.headers.pop("Content-Encoding", "identity").strip().lower()
        for name in ("Content-Length", "Transfer-Encoding"):
            answer.headers.pop(name, None)
        return httpx.Response(answer.status_code, headers=answer.headers, content=_unpack(bytes(content), packing))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _unpack(content: bytes, packing: str) -> bytes:
    if packing == "identity" or not content:
        return content
    if packing != "gzip":
        raise TooMuch
    unpacking = zlib.decompressobj(wbits=GZIP)
    try:
        plain = unpacking.decompress(content, MAX_ANSWER + 1)
    except zlib.error:
        raise TooMuch from None
    if len(plain) > MAX_ANSWER or not unpacking.eof:
        raise TooMuch
    return plain


def retry_after(answer: httpx.Response) -> float:
    """Read in how many seconds to come back: a header with seconds or a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:10])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return RETRY_AFTER
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


@functools.cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
