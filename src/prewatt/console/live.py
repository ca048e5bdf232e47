"""Live pages: an async stream that holds no database connection, fed by one LISTEN connection per process.

A stream says what changed, in opaque topics; the page then asks for the parts that it shows. A reader that falls
behind is cut off and comes back: nothing here grows without a limit.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from prewatt.access.permissions import Permission
from prewatt.access.queries import get_user_permissions
from prewatt.access.touched import LIVE_CHANNEL
from prewatt.console.guard import machine_ms
from prewatt.console.topics import ALL, topics_of
from prewatt.usecases.see_site import see_site

BEAT_S: Final = 10.0
QUEUE_MAX: Final = 256
PAST_MAX: Final = 1_000
MS_DIGITS_MAX: Final = 16
STREAMS_MAX: Final = 2_000
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Stream:
    """One open page: its site, and what it has not been told yet. None in the queue ends it."""

    site_id: int
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))

    def tell(self, topics: str) -> None:
        """This method will queue topics; a page that does not read is ended, and asks for all when it is back."""
        try:
            self.queue.put_nowait(topics)
        except asyncio.QueueFull:
            self.queue.get_nowait()
            self.queue.put_nowait(None)


@dataclass(frozen=True, slots=True)
class Past:
    """What was told, and when (ms of machine time): a page drawn before it that listens after it still hears it."""

    at_ms: int
    site_id: int | None
    topics: str


class Hub:
    """The fan-out of one process. Lives in one event loop; begins to listen with the first stream, and goes on."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._past: deque[Past] = deque(maxlen=PAST_MAX)
        self._covered_ms: int | None = None
        self._listener: asyncio.Task[None] | None = None

    def join(self, site_id: int, since_ms: int | None = None) -> Stream:
        """This method will add a page, and tell it what it missed since it was drawn; unknown means everything."""
        stream = Stream(site_id)
        if since_ms is not None:
            missed = self._missed(site_id, since_ms)
            if missed:
                stream.tell(missed)
        self.streams.add(stream)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.get_running_loop().create_task(self._listen())
        return stream

    def leave(self, stream: Stream) -> None:
        """This method will forget a page."""
        self.streams.discard(stream)

    async def close(self) -> None:
        """This method will end the listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None

    def publish(self, payload: str) -> None:
        """This method will tell every page of the site what changed; a message without a site is for all."""
        try:
            site_id, topics = topics_of(payload)
        except ValueError:
            log.warning("live.unreadable", payload=payload[:200])
            return
        self.spread(" ".join(topics), site_id)

    def spread(self, topics: str, site_id: int | None = None) -> None:
        """This method will hand topics to every page of a site, or of all, and keep them for those on their way."""
        if len(self._past) == PAST_MAX:
            self._covered_ms = self._past[0].at_ms + 1
        self._past.append(Past(machine_ms(), site_id, topics))
        for stream in tuple(self.streams):
            if site_id is None or stream.site_id == site_id:
                stream.tell(topics)

    def _missed(self, site_id: int, since_ms: int) -> str:
        if self._covered_ms is None or since_ms < self._covered_ms:
            return ALL
        missed = [past for past in self._past if past.at_ms >= since_ms and past.site_id in {None, site_id}]
        return " ".join(dict.fromkeys(topic for past in missed for topic in past.topics.split()))

    async def _listen(self) -> None:
        tries = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {LIVE_CHANNEL}")
                    self._covered_ms = machine_ms()
                    if tries:
                        self.spread(ALL)  # what happened while nobody listened is unknown
                    tries = 0
                    async for message in connection.notifies():
                        self.publish(message.payload)
            except psycopg.OperationalError as error:
                log.warning("live.database_lost", error=str(error).strip(), tries=tries)
            self._covered_ms = None
            await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
            tries += 1


@lru_cache
def hub() -> Hub:
    """This function will return the process's fan-out."""
    return Hub()


async def live(request: HttpRequest) -> HttpResponseBase:
    """This view will stream what changes on the login's site until the page goes away."""
    site_id = await sync_to_async(_site_of)(request)
    if site_id is None:
        return HttpResponse(status=401)
    if len(hub().streams) >= STREAMS_MAX:
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(
        _events(hub(), site_id, _since(request)), content_type="text/event-stream", headers=headers
    )


live.prewatt_permission = Permission.ESTATE_VIEW  # type: ignore[attr-defined]  # checked in _site_of: async views have their own door


def _since(request: HttpRequest) -> int | None:
    said = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    return int(said) if said.isdecimal() and len(said) < MS_DIGITS_MAX else None


async def _events(fan: Hub, site_id: int, since_ms: int | None) -> AsyncIterator[str]:
    stream = fan.join(site_id, since_ms)
    try:
        yield "retry: 2000\n\nevent: beat\ndata: -\n\n"
        while True:
            topics: str | None = ""
            with contextlib.suppress(TimeoutError):
                topics = await asyncio.wait_for(stream.queue.get(), BEAT_S)
            if topics is None:
                return
            yield f"id: {machine_ms()}\nevent: changed\ndata: {topics}\n\n" if topics else "event: beat\ndata: -\n\n"
    finally:
        fan.leave(stream)


def _site_of(request: HttpRequest) -> int | None:
    """This function will find out who asks, then give the connection back before the stream begins."""
    try:
        user = request.user
        if not user.is_authenticated or Permission.ESTATE_VIEW not in get_user_permissions(user=user):
            return None
        return see_site(user=user, permission=Permission.ESTATE_VIEW).id
    finally:
        connections.close_all()


def _address() -> dict[str, Any]:
    described = settings.DATABASES["default"]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {key: described[name] for key, name in names.items() if described.get(name)} | {
        "application_name": "prewatt live",
        "connect_timeout": 5,
    }
