"""The live stream: what changed reaches the pages of its site, once, and nothing grows without a limit."""

import asyncio
import json
from contextlib import asynccontextmanager

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import AsyncClient
from tests.console.conftest import build_town, make_user

from prewatt.access.touched import LIVE_CHANNEL
from prewatt.console import live
from prewatt.console.guard import machine_ms
from prewatt.console.live import QUEUE_MAX, Hub, Past
from prewatt.console.topics import ALL, CASES, GUARD, account_topic, room_topic, topics_of


def _said(**facts):
    return json.dumps({"site": 1, "points": [], "accounts": [], "cases": False, "many": False} | facts)


def test_a_message_becomes_topics_without_row_numbers():
    site, topics = topics_of(_said(points=[118], accounts=[7], cases=True))
    assert site == 1
    assert topics == [room_topic(118), account_topic(7), CASES, GUARD]
    assert "118" not in room_topic(118)
    assert room_topic(118) != account_topic(118)
    assert topics_of(_said(many=True)) == (1, [ALL])
    with pytest.raises(ValueError, match="Expecting"):
        topics_of("nonsense")


@asynccontextmanager
async def _quiet_hub(monkeypatch):
    """A hub whose listener waits for ever: the tests publish themselves."""
    hub = Hub()

    async def listen():
        await asyncio.Event().wait()

    monkeypatch.setattr(hub, "_listen", listen)
    yield hub
    await hub.close()


async def test_pages_hear_of_their_own_site(monkeypatch):
    async with _quiet_hub(monkeypatch) as hub:
        ours, theirs = hub.join(1), hub.join(2)
        hub.publish(_said(points=[5]))
        hub.publish("nonsense")
        assert ours.queue.get_nowait() == f"{room_topic(5)} {GUARD}"
        assert theirs.queue.empty()
        hub.leave(ours)
        hub.leave(ours)
        hub.spread(ALL)
        assert theirs.queue.get_nowait() == ALL
        assert ours.queue.empty()


async def test_a_page_that_does_not_read_is_ended(monkeypatch):
    async with _quiet_hub(monkeypatch) as hub:
        stream = hub.join(1)
        for _ in range(QUEUE_MAX + 5):
            hub.spread("x")
        told = [stream.queue.get_nowait() for _ in range(stream.queue.qsize())]
        assert len(told) <= QUEUE_MAX
        assert None in told


async def test_what_changed_between_drawing_and_listening_is_told(monkeypatch):
    async with _quiet_hub(monkeypatch) as hub:
        hub._covered_ms = machine_ms() - 10_000
        drawn = machine_ms()
        hub._past.append(Past(drawn - 5_000, 1, "before"))
        hub._past.append(Past(drawn + 1, 1, "r-1 guard"))
        hub._past.append(Past(drawn + 1, 2, "others"))
        hub._past.append(Past(drawn + 2, None, "r-2 guard"))
        assert hub.join(1, drawn).queue.get_nowait() == "r-1 guard r-2"
        assert hub.join(1, drawn + 3).queue.empty()
        assert hub.join(1).queue.empty()


async def test_what_nobody_can_know_is_told_as_everything(monkeypatch):
    async with _quiet_hub(monkeypatch) as hub:
        assert hub.join(1, machine_ms()).queue.get_nowait() == ALL
        hub._covered_ms = machine_ms()
        assert hub.join(1, machine_ms() - 60_000).queue.get_nowait() == ALL
        for _ in range(live.PAST_MAX + 1):
            hub.spread("x")
        assert hub._covered_ms == hub._past[0].at_ms + 1 or hub._covered_ms > 0


@pytest.fixture
def town(transactional_db, estate_clock):
    return build_town(rooms=1)


async def _next_event(stream, wanted):
    async for part in stream:
        text = part.decode() if isinstance(part, bytes) else part
        if f"event: {wanted}" in text:
            return text
    raise AssertionError("the stream ended")


async def test_the_stream_tells_what_the_database_says_and_holds_no_connection(town, monkeypatch):
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(make_user)(town, "administrator"))
    monkeypatch.setattr(live, "_address", _test_address)
    hub = Hub()
    monkeypatch.setattr(live, "hub", lambda: hub)
    answer = await client.get("/live", {"since": str(machine_ms())})
    assert answer.headers["Content-Type"] == "text/event-stream"
    stream = answer.streaming_content  # type: ignore[attr-defined]  # the stubs do not know that it streams
    assert "retry: 2000" in await _next_event(stream, "beat")
    assert f"data: {ALL}" in await asyncio.wait_for(_next_event(stream, "changed"), 5)
    for _ in range(200):
        if hub._covered_ms is not None:
            break
        await asyncio.sleep(0.02)
    async with await psycopg.AsyncConnection.connect(**_test_address(), autocommit=True) as said:
        payload = _said(site=town.site.pk, points=[town.rooms[0].point.pk])
        await said.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, payload])
    assert room_topic(town.rooms[0].point.pk) in await asyncio.wait_for(_next_event(stream, "changed"), 5)
    reading = asyncio.create_task(_next_event(stream, "never"))
    await asyncio.sleep(0.05)
    reading.cancel()  # as a server does when the page goes away
    await asyncio.gather(reading, return_exceptions=True)
    assert not hub.streams
    await hub.close()
    await sync_to_async(connections.close_all)()


async def test_without_a_login_there_is_no_stream(town):
    assert (await AsyncClient().get("/live")).status_code == 401
    await sync_to_async(connections.close_all)()


def _test_address():
    described = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {key: described[name] for key, name in names.items() if described.get(name)}
