"""Serving an ASGI application until the process is told to stop: pages and API, and the test provider."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

_STOP_WITHIN_S: Final = 3.0


def leave() -> NoReturn:
    """This function will end the process at once, with success; nothing may be left to save.

    Threads of requests that were cut must not hold up the end, and the server's own threads still ask for the
    interpreter: one that is taken down under them aborts the process.
    """
    os._exit(0)


async def serve(
    application: Any, *, host: str, port: int, beside: Coroutine[Any, Any, None] | None = None, **how: Any
) -> None:
    """This function will serve until SIGTERM or SIGINT, or until ``beside`` ends; open streams are cut then."""
    from granian.constants import Interfaces
    from granian.server.embed import Server

    server: Any = Server(
        application, address=host, port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False, **how
    )
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    serving, told = loop.create_task(server.serve()), loop.create_task(stopped.wait())
    besides = [loop.create_task(beside)] if beside is not None else []
    await asyncio.wait([serving, told, *besides], return_when=asyncio.FIRST_COMPLETED)
    for task in (told, *besides):
        task.cancel()
    server.stop()
    with contextlib.suppress(TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(serving, _STOP_WITHIN_S)
    for task in besides:
        with contextlib.suppress(asyncio.CancelledError):
            await task
