"""The provider as a service: an ASGI application, and the task that carries call-backs to the merchants."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx

from prewatt.kernel.clock import machine_now
from prewatt.testpay.book import Book
from prewatt.testpay.http import BODY_BYTES_MAX, Request, Response, json_response
from prewatt.testpay.journal import Journal
from prewatt.testpay.keys import Keys
from prewatt.testpay.routes import Front

CALLBACK_S: Final = 5.0
AT_ONCE: Final = 16
_LOOKS_EVERY_S: Final = 0.5

Message = MutableMapping[str, Any]


class TestPayService:
    """Answers over ASGI and calls back over HTTP. ``run`` carries call-backs until it is cancelled."""

    __test__ = False  # not a test, whatever its name says to pytest

    def __init__(
        self,
        *,
        keys: Keys,
        folder: Path,
        public_url: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.journal = Journal(folder)
        self.book = Book(journal=self.journal, now=machine_now)
        self.front = Front(self.book, keys, machine_now, public_url.rstrip("/"))
        self._transport = transport
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """This method will answer one question of HTTP."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if body is None:
            await _write(send, json_response({"error": {"code": "too_large", "text": ""}}, status=413))
            return
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        if self.book.settings.answer_delay_ms:
            await asyncio.sleep(self.book.settings.answer_delay_ms / 1000)
        response = self.front.respond(request)
        if response.after:
            self._begin(response.after)
            await asyncio.wait([self._sending[response.after]], timeout=CALLBACK_S)
        await _write(send, response)

    async def run(self) -> None:
        """This method will send each call-back when it is due, again and again until it is answered success."""
        try:
            while True:
                waiting = [one for one in self.book.list_due() if one.event_id not in self._sending]
                for delivery in waiting[: max(AT_ONCE - len(self._sending), 0)]:
                    self._begin(delivery.event_id)
                await asyncio.sleep(self._pause_s())
        finally:
            for task in self._sending.values():
                task.cancel()
            self.journal.close()

    def _begin(self, event_id: str) -> None:
        """This method will begin to send a call-back, unless that is under way."""
        if event_id not in self._sending:
            task = asyncio.get_running_loop().create_task(self._deliver(event_id))
            task.add_done_callback(lambda _: self._sending.pop(event_id, None))
            self._sending[event_id] = task

    async def _deliver(self, event_id: str) -> None:
        delivery, is_success = self.book.deliveries[event_id], False
        with suppress(httpx.HTTPError, httpx.InvalidURL):
            async with httpx.AsyncClient(transport=self._transport, timeout=CALLBACK_S, trust_env=False) as client:
                told = self.front.tell(event_id)
                answer = await client.post(delivery.url, content=delivery.body.encode(), headers=told)
                is_success = answer.status_code == httpx.codes.OK and answer.content.strip() == b"success"
        self.book.note_answer(event_id, is_success=is_success)

    def _pause_s(self) -> float:
        """This method will return how long to sleep: till the next call-back, but not long, as tests change things."""
        due_ms = self.book.next_due_ms()
        if due_ms is None:
            return _LOOKS_EVERY_S
        return min(max((due_ms - self.book.now_ms) / 1000, 0.01), _LOOKS_EVERY_S)


async def _read(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """This function will read a body to its limit; None when it is larger."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _write(send: Callable[[Message], Awaitable[None]], response: Response) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
