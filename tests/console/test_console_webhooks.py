"""The webhooks of a site at the desk: made with a secret that is shown once, looked after, ended."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import pay
from tests.usecases_billing.town import Town

from prewatt.access.audit import Actor
from prewatt.usecases.gather_events import gather_events
from prewatt.usecases.send_webhooks import send_due_deliveries
from prewatt.webhooks.models import WebhookDelivery, WebhookEndpoint
from prewatt.webhooks.values import Outcome

URL = "https://erp.example.org/hook"
WORKER = Actor(process="worker")


@pytest.fixture(autouse=True)
def key_file(settings: Any, tmp_path: Path) -> Path:
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    return tmp_path / "meter.key"


def test_a_webhook_is_made_shown_changed_and_ended(town: Town, admin: Client, key_file: Path) -> None:
    assert "No webhook yet" in admin.get(reverse("console:webhooks")).content.decode()
    add = reverse("console:webhook_add")
    bad = admin.post(add, {"url": "http://erp.example.org/", "payment": "on"})
    assert (bad.status_code, WebhookEndpoint.objects.count()) == (422, 0)
    none = admin.post(add, {"url": URL})
    assert (none.status_code, WebhookEndpoint.objects.count()) == (422, 0)
    made = admin.post(add, {"url": URL, "note": "<b>ERP</b>", "payment": "on"}, headers={"HX-Request": "true"})
    (secret,) = re.findall(r"whsec_[\w-]{43}", made.content.decode())
    assert made.headers["Cache-Control"] == "no-store"
    one = WebhookEndpoint.objects.get()
    where = reverse("console:webhook", args=[one.public_id])
    page = admin.get(where).content.decode()
    assert URL in page
    assert "&lt;b&gt;ERP" in page
    assert secret not in page + admin.get(reverse("console:webhooks")).content.decode()
    pay(town.rooms[0])
    gather_events(actor=WORKER)
    send_due_deliveries(actor=WORKER, send=lambda *_: Outcome(status=503), key_file=key_file)
    log = admin.get(where).content.decode()
    assert "HTTP 503" in log
    assert "Failing" in log
    assert "Nothing sent yet" in admin.get(where, {"state": "delivered"}).content.decode()
    delivery = WebhookDelivery.objects.get()
    again = reverse("console:webhook_resend", args=[delivery.public_id])
    assert admin.get(again).status_code == 200
    assert admin.post(again).headers["Location"] == where
    send_due_deliveries(actor=WORKER, send=lambda *_: Outcome(status=200), key_file=key_file)
    assert WebhookDelivery.objects.get().state == "delivered"
    edit = reverse("console:webhook_edit", args=[one.public_id])
    assert "checked" in admin.get(edit).content.decode()
    admin.post(edit, {"url": URL + "/2", "alarm": "on"})
    one.refresh_from_db()
    assert (one.url, one.events) == (URL + "/2", ["alarm"])
    fresh = admin.post(reverse("console:webhook_secret", args=[one.public_id])).content.decode()
    assert secret not in fresh
    assert "whsec_" in fresh
    turn = reverse("console:webhook_turn", args=[one.public_id])
    for state in ("ended", "active"):
        admin.post(turn)
        one.refresh_from_db()
        assert one.state == state


def test_only_who_may_sees_webhooks(sign_in: Any) -> None:
    manager = sign_in("manager")
    assert manager.get(reverse("console:webhooks")).status_code == 403
    assert "settings/webhooks" not in manager.get(reverse("console:settings")).content.decode()
