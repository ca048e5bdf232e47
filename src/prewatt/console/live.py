"""Live pages: an async stream that holds no database connection, fed by one LISTEN connection per process.

A stream says what changed, in opaque topics; the page then asks for the parts that it shows. A reader that falls
behind is cut off and comes back: nothing here grows without a limit.
"""

import asyncio
import contextlib
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
from prewatt.console.topics import ALL, topics_of
from prewatt.usecases.see_site import see_site

BEAT_S: Final = 10.0
QUEUE_MAX: Final = 256
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


class Hub:
    """The fan-out of one process. Lives in one event loop; starts listening with the first stream."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._listener: asyncio.Task[None] | None = None

    def join(self, site_id: int) -> Stream:
        """This method will add a page."""
        stream = Stream(site_id)
        self.streams.add(stream)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.get_running_loop().create_task(self._listen())
        return stream

    def leave(self, stream: Stream) -> None:
        """This method will forget a page; without pages nobody listens."""
        self.streams.discard(stream)
        if not self.streams and self._listener is not None:
            self._listener.cancel()
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
        """This method will hand topics to every page of a site, or of all."""
        for stream in tuple(self.streams):
            if site_id is None or stream.site_id == site_id:
                stream.tell(topics)

    async def _listen(self) -> None:
        tries = 0
        while self.streams:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {LIVE_CHANNEL}")
                    if tries:
                        self.spread(ALL)  # what happened while nobody listened is unknown
                    tries = 0
                    async for message in connection.notifies():
                        self.publish(message.payload)
            except psycopg.OperationalError as error:
                log.warning("live.database_lost", error=str(error).strip(), tries=tries)
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
    return StreamingHttpResponse(_events(hub(), site_id), content_type="text/event-stream", headers=headers)


live.prewatt_permission = Permission.ESTATE_VIEW  # type: ignore[attr-defined]  # checked in _site_of: async views have their own door


async def _events(fan: Hub, site_id: int) -> AsyncIterator[str]:
    stream = fan.join(site_id)
    try:
        yield "retry: 2000\n\nevent: beat\ndata: -\n\n"
        while True:
            topics: str | None = ""
            with contextlib.suppress(TimeoutError):
                topics = await asyncio.wait_for(stream.queue.get(), BEAT_S)
            if topics is None:
                return
            yield f"event: changed\ndata: {topics}\n\n" if topics else "event: beat\ndata: -\n\n"
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
