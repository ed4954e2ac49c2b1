"""Valkey (or Redis): the connection to it, and the bus that carries live events between processes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 1.0
"""How long Valkey may take to connect or to answer before it counts as silent."""

PROBE_SECONDS: Final = 1.0
"""How long everybody leaves a silent Valkey alone before one caller asks again."""

MAX_CONNECTIONS: Final = 32

IDLE_SECONDS: Final = 15.0
"""A quiet line is pinged after so long, and counts as lost when it stays quiet for as long again."""

MAX_WAITING: Final = 10_000
"""Messages a listener may leave unread before its line is cut: the log has them all."""

PREFIX: Final = "backline:"


def connect(url: str) -> Redis:
    """Make a client with a pool of connections; nothing is opened before the first command.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix:///path``.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
    )
    return Redis.from_pool(pool)


async def answers(url: str) -> bool:
    """Whether a Valkey answers at an address."""
    client = connect(url)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


class Fuse:
    """Remembers that Valkey is silent, so that only one caller a second waits for it, and says so in the log once."""

    def __init__(self) -> None:
        self._blown = False
        self._next_try = 0.0

    def holds(self) -> bool:
        """Tell whether to ask Valkey now; of those who come while it is silent, one a second is told to try."""
        if not self._blown:
            return True
        now = time.monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + PROBE_SECONDS
        return True

    def blow(self, error: Exception, consequence: str) -> None:
        """Note that Valkey did not answer."""
        if not self._blown:
            log.warning("Valkey does not answer (%s); %s.", type(error).__name__, consequence)
        self._blown = True
        self._next_try = time.monotonic() + PROBE_SECONDS

    def mend(self) -> None:
        """Note that Valkey answered."""
        if self._blown:
            log.info("Valkey answers again.")
        self._blown = False


class ValkeyBus:
    """The port `Bus` over publish and subscribe; one connection for everything this process listens to."""

    def __init__(self, valkey: Redis, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._valkey = valkey
        self._idle_seconds = idle_seconds
        self._fuse = Fuse()
        self._lock = asyncio.Lock()
        self._line: _Line | None = None

    async def publish(self, topic: str, payload: bytes) -> None:
        """Tell whoever listens on the topic, in any process. Never raises; while Valkey is silent nothing is sent."""
        if not self._fuse.holds():
            return
        try:
            await self._valkey.publish(PREFIX + topic, payload)
        except (RedisError, OSError) as error:
            self._fuse.blow(error, "live events wait until readers look into the log")
        else:
            self._fuse.mend()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Hear what is published on the topic, from the moment this is entered.

        Raises:
            ConnectionError: On entering, when Valkey does not answer; from the iterator, when the line is lost or the
                listener left too much unread. Read the log and listen again: that opens a new line.
        """
        ear = _Ear()
        channel = (PREFIX + topic).encode()
        line = await self._attach(channel, ear)
        try:
            yield ear
        finally:
            await line.detach(channel, ear)

    async def answers(self) -> bool:
        """Tell whether Valkey answers now."""
        try:
            return bool(await self._valkey.ping())
        except (RedisError, OSError):
            return False

    async def aclose(self) -> None:
        """Hang up; listeners get ConnectionError."""
        if self._line is not None:
            await self._line.hang_up()

    async def _attach(self, channel: bytes, ear: _Ear) -> _Line:
        try:
            async with self._lock:
                if self._line is None or self._line.lost:
                    self._line = await _Line.open(self._valkey, self._idle_seconds)
                line = self._line
                confirmed = await line.attach(channel, ear)
            try:
                await asyncio.wait_for(confirmed, ANSWER_SECONDS)
            except BaseException:
                await line.detach(channel, ear)
                raise
        except (RedisError, OSError, TimeoutError) as error:
            raise ConnectionError("Valkey does not answer.") from error
        return line


class _Ear:
    """What one listener has not read yet."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._lost: str | None = None

    def hear(self, message: bytes) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            self.lose("The listener is too slow.")
        if self._lost is None:
            self._waiting.append(message)
            self._news.set()

    def lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._news.set()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._waiting:
            if self._lost is not None:
                raise ConnectionError(self._lost)
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class _Line:
    """One connection that subscribes. Once lost it stays lost, so that nobody hears again without knowing of the gap.

    redis-py's own `PubSub` is not used because it connects again in silence.
    """

    def __init__(self, connection: Any, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._connection = connection  # a redis.asyncio.Connection, whose methods carry no types
        self._ears: defaultdict[bytes, set[_Ear]] = defaultdict(set)
        self._asked: defaultdict[bytes, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._confirmed: dict[bytes, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self.lost = False

    @classmethod
    async def open(cls, valkey: Redis, idle_seconds: float) -> _Line:
        pool: Any = valkey.connection_pool
        connection = pool.make_connection()
        try:
            await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        line = cls(connection, idle_seconds)
        line._reader = asyncio.create_task(line._read(), name="valkey line")
        return line

    async def attach(self, channel: bytes, ear: _Ear) -> asyncio.Future[None]:
        """Add a listener; the future is done when Valkey has confirmed the subscription (many may wait for it)."""
        self._ears[channel].add(ear)
        if channel not in self._confirmed:
            future = self._confirmed[channel] = asyncio.get_running_loop().create_future()
            self._asked[channel].append(future)
            await self._say("SUBSCRIBE", channel)
        return asyncio.shield(self._confirmed[channel])

    async def detach(self, channel: bytes, ear: _Ear) -> None:
        """Remove a listener, and the subscription with the last one. A line that is lost meanwhile is no fault here."""
        self._ears[channel].discard(ear)
        if self._ears[channel]:
            return
        del self._ears[channel]
        self._confirmed.pop(channel, None)
        try:
            await self._say("UNSUBSCRIBE", channel)
        except (RedisError, OSError) as error:
            await self._lose(error)

    async def hang_up(self) -> None:
        """Close the connection."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        await self._lose(None)

    async def _say(self, *command: str | bytes) -> None:
        if self.lost:
            raise ConnectionError("The line to Valkey is lost.")
        try:
            await self._connection.send_command(*command, check_health=False)
        except AttributeError as error:
            # redis-py writes to a connection that its reader has closed in this moment.
            raise ConnectionError("The line to Valkey is lost.") from error

    async def _read(self) -> None:
        quiet = False
        try:
            while True:
                reply = await self._connection.read_response(timeout=self._idle_seconds)
                if reply is not None:
                    self._hear(reply)
                elif quiet:
                    raise ConnectionError("The line to Valkey is silent.")
                else:
                    await self._say("PING")
                quiet = reply is None
        except (RedisError, OSError) as error:
            await self._lose(error)
        finally:
            await self._lose(None)

    def _hear(self, reply: Any) -> None:
        if not isinstance(reply, list) or len(reply) != 3:
            return
        kind, channel, content = reply
        if kind == b"message":
            for ear in self._ears.get(channel, ()):
                ear.hear(content)
        elif kind == b"subscribe" and self._asked[channel]:
            future = self._asked[channel].popleft()
            if not self._asked[channel]:
                del self._asked[channel]
            if not future.done():
                future.set_result(None)

    async def _lose(self, error: Exception | None) -> None:
        if self.lost:
            return
        self.lost = True
        if error is not None:
            log.warning("The line to Valkey is lost (%s); listeners read the log.", type(error).__name__)
        for ear in set().union(*self._ears.values()):
            ear.lose("The line to Valkey is lost.")
        for future in self._confirmed.values():
            if not future.done():
                future.set_exception(ConnectionError("The line to Valkey is lost."))
                future.exception()
        await self._connection.disconnect(nowait=True)
