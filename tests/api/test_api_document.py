"""The examples of docs/api.md: each request is sent as it stands there, each answer must hold what is shown."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.api.test_api_desk import Machine
from tests.console.conftest import build_town, pay
from tests.usecases_billing.town import Town, set_clock

from prewatt.access.audit import Actor
from prewatt.api.urls import api
from prewatt.usecases.configure_webhook import open_webhook
from prewatt.usecases.gather_events import gather_events
from prewatt.webhooks.models import WebhookDelivery
from prewatt.webhooks.signing import sign

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"```(\w+)(?: (\w+))?\n(.*?)```", re.DOTALL)
ANYTHING = "…"


def blocks() -> list[tuple[str, str, str]]:
    return [(kind, note, text) for kind, note, text in BLOCK.findall(PAGE.read_text())]


def examples() -> Iterator[tuple[str, int, Any]]:
    """Each request with the status and the body that follow it."""
    found = blocks()
    for (kind, _, request), (kind_after, status, answer) in pairwise(found):
        if kind == "http":
            assert kind_after == "json", request
            yield request, int(status), json.loads(answer)


def missing(shown: Any, got: Any, where: str = "") -> Iterator[str]:
    if isinstance(shown, dict):
        for name, value in shown.items():
            if not isinstance(got, dict) or name not in got:
                yield f"{where}.{name} is not there"
            else:
                yield from missing(value, got[name], f"{where}.{name}")
    elif isinstance(shown, list):
        if not isinstance(got, list) or len(shown) != len(got):
            yield f"{where} has another length"
        else:
            for at, (one, other) in enumerate(zip(shown, got, strict=True)):
                yield from missing(one, other, f"{where}[{at}]")
    elif shown != got and not (isinstance(shown, str) and ANYTHING in shown and got):
        yield f"{where}: shown {shown!r}, got {got!r}"


@pytest.fixture
def town(db: None, settings: Any, tmp_path: Path) -> Town:
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    set_clock("2026-11-20T12:00")
    return build_town(rooms=2)


def test_every_example_is_answered_as_it_is_shown(town: Town) -> None:
    machine, room = Machine(town, "administrator"), town.rooms[0]
    ids = {"site": town.site.public_id, "account": room.account.public_id, "point": room.point.public_id}
    count = 0
    for written, status, shown in examples():
        request = re.sub(r"{(site|account|point)}", lambda found: str(ids[found[1]]), written)
        head, _, body = request.partition("\n\n")
        (first, *lines) = head.strip().split("\n")
        method, address = first.split(" ", 1)
        sent = {**machine.headers, **dict(line.split(": ", 1) for line in lines)}
        ask = getattr(machine.client, method.lower())
        more = {"data": body, "content_type": "application/json"} if body.strip() else {}
        answer = ask(address, headers=sent, **more)
        assert answer.status_code == status, (request, answer.content)
        assert not list(missing(shown, answer.json())), request
        count += 1
    assert count >= 8


def test_a_delivery_looks_as_shown_and_is_proved_as_shown(town: Town, tmp_path: Path) -> None:
    machine = Machine(town, "administrator")
    open_webhook(
        actor=Actor(process="web", user=machine.user), site_public_id=town.site.public_id,
        url="https://erp.example.org/", events=["payment"], note="", key_file=tmp_path / "meter.key",
    )  # fmt: skip
    pay(town.rooms[0])
    gather_events(actor=Actor(process="worker"))
    (shown,) = [json.loads(text) for kind, note, text in blocks() if (kind, note) == ("json", "event")]
    body = WebhookDelivery.objects.get().body
    assert not list(missing(shown, json.loads(body)))
    assert set(shown["data"]) == set(json.loads(body)["data"])
    (code,) = [text for kind, _, text in blocks() if kind == "python"]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/api.md", "exec"), names)
    header = sign(body=body.encode(), secrets=["new", "old"], at_s=1_795_000_000)
    for secret, now_s, expected in (("old", 1_795_000_009, True), ("x", 1_795_000_000, False), ("new", 1, False)):
        assert names["is_ours"](header, body.encode(), secret, now_s) is expected


def test_every_operation_stands_on_the_page() -> None:
    page = PAGE.read_text()
    for path in api.get_openapi_schema(path_prefix="/api/v1/")["paths"]:
        short = re.sub(r"{\w+_id}", "{id}", path.removeprefix("/api/v1"))
        assert short in page or f"`/{short.rpartition('/')[2]}`" in page, short
