"""Endpoints made, changed and ended; deliveries written, claimed and settled. All of it needs a unit of work."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.cases.kinds import Kind
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.estate.safe import SecretSafe
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7
from prewatt.webhooks.errors import BadEndpoint
from prewatt.webhooks.models import (
    DeliveryState,
    EndpointState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookOutbox,
)
from prewatt.webhooks.reach import require_url
from prewatt.webhooks.signing import new_secret
from prewatt.webhooks.values import Happened, Outcome, Parcel

LEASE: Final = timedelta(seconds=60)
WAIT_S: Final = 10
WAIT_S_MAX: Final = 3_600
TRIES_MAX: Final = 20
"""With waits of 10 s that double up to an hour: about half a day."""
DISABLED_AFTER: Final = timedelta(days=1)
BOTH_FOR: Final = timedelta(days=1)
"""After a rotation both secrets sign for so long."""
ENDPOINTS_MAX: Final = 20
_SEALED_AT: Final = 8
_FORGET_MAX: Final = 10_000

_CLAIM: Final = """
WITH due AS MATERIALIZED (
    SELECT DISTINCT ON (d.endpoint_id) d.id, d.due_at
      FROM webhooks_webhookdelivery d JOIN webhooks_webhookendpoint e ON e.id = d.endpoint_id
     WHERE d.state = 'pending' AND d.due_at <= %(now)s
       AND e.state = 'active' AND (e.not_before IS NULL OR e.not_before <= %(now)s)
       AND NOT EXISTS (SELECT FROM webhooks_webhookdelivery away
                        WHERE away.endpoint_id = e.id AND away.state = 'pending' AND away.leased_until > %(now)s)
     ORDER BY d.endpoint_id, d.due_at, d.id),
claimed AS (
    UPDATE webhooks_webhookdelivery d SET leased_until = %(until)s, tries = d.tries + 1
      FROM (SELECT id FROM webhooks_webhookdelivery WHERE id IN (SELECT id FROM due ORDER BY due_at, id LIMIT %(most)s)
               AND (leased_until IS NULL OR leased_until <= %(now)s) FOR UPDATE SKIP LOCKED) mine
     WHERE d.id = mine.id
 RETURNING d.id, d.public_id, d.endpoint_id, d.body, d.tries, d.leased_until)
SELECT c.id, c.public_id, c.endpoint_id, e.url, c.body, c.tries, c.leased_until, e.public_id::text, e.secret_sealed,
       CASE WHEN e.old_until > %(now)s THEN e.old_secret_sealed END
  FROM claimed c JOIN webhooks_webhookendpoint e ON e.id = c.endpoint_id
"""


def open_endpoint(
    *, site: Site, url: str, events: Collection[str], note: str, safe: SecretSafe, since: Mapping[str, int]
) -> tuple[WebhookEndpoint, str]:
    """This function will make an endpoint and return it with its secret, which is not to be had again.

    ``since`` are the highest row numbers of the sources: what happened before is not told. Raises BadEndpoint.
    """
    work = require_unit_of_work()
    if WebhookEndpoint.objects.filter(site=site).exclude(state=EndpointState.ENDED).count() >= ENDPOINTS_MAX:
        raise BadEndpoint("The site has %(most)s webhooks already.", hint="End one first.", most=ENDPOINTS_MAX)
    secret, public_id = new_secret(), uuid7()
    endpoint = WebhookEndpoint.objects.create(
        public_id=public_id, site=site, url=require_url(url), note=note.strip(), events=_events(events),
        secret_sealed=safe.seal(secret, bound_to=str(public_id)), since=dict(since), created_at=machine_now(),
        created_by=work.actor.user,
    )  # fmt: skip
    return endpoint, secret


def change_endpoint(*, endpoint: WebhookEndpoint, url: str, events: Collection[str], note: str) -> None:
    """This function will send to another address or of other events from now on. Raises BadEndpoint."""
    require_unit_of_work()
    endpoint.url, endpoint.events, endpoint.note = require_url(url), _events(events), note.strip()
    endpoint.save(update_fields=["url", "events", "note"])


def rotate_secret(*, endpoint: WebhookEndpoint, safe: SecretSafe) -> str:
    """This function will return a new secret; for a day the one before signs too."""
    require_unit_of_work()
    secret = new_secret()
    endpoint.old_secret_sealed, endpoint.old_until = endpoint.secret_sealed, machine_now() + BOTH_FOR
    endpoint.secret_sealed = safe.seal(secret, bound_to=str(endpoint.public_id))
    endpoint.save(update_fields=["secret_sealed", "old_secret_sealed", "old_until"])
    return secret


def turn_endpoint(*, endpoint: WebhookEndpoint, state: str, now: datetime) -> None:
    """This function will end an endpoint, or let deliveries go to it again. Its case is closed (``now``: estate)."""
    require_unit_of_work()
    endpoint.state, endpoint.why = EndpointState(state).value, ""
    endpoint.failing_since, endpoint.failures, endpoint.not_before = None, 0, None
    endpoint.save(update_fields=["state", "why", "failing_since", "failures", "not_before"])
    close_case(kind=Kind.WEBHOOK_FAILING, subject_kind="webhook", subject_id=str(endpoint.public_id), now=now)


def write_deliveries(*, happened: Iterable[Happened]) -> int:
    """This function will write a delivery for each endpoint that wants to be told; what is written already stays."""
    require_unit_of_work()
    endpoints = list(WebhookEndpoint.objects.exclude(state=EndpointState.ENDED).select_related("site__scope"))
    now = machine_now()
    rows = [
        _delivery(endpoint, one, now)
        for one in happened
        for endpoint in endpoints
        if one.event in endpoint.events
        and one.scope_path.startswith(endpoint.site.scope.path)
        and one.row_id > endpoint.since.get(one.key.partition(":")[0], 0)
    ]
    return len(WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500))


def take_news(*, most: int) -> dict[str, list[int]]:
    """This function will take row numbers by source out of the outbox, the oldest first; a rollback puts them back."""
    require_unit_of_work()
    rows = list(WebhookOutbox.objects.select_for_update(skip_locked=True).order_by("pk")[:most])
    WebhookOutbox.objects.filter(pk__in=[row.pk for row in rows]).delete()
    taken: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        taken[row.source].append(row.row_id)
    return taken


def claim_deliveries(*, most: int) -> list[Parcel]:
    """This function will claim one due delivery for each endpoint that none is on its way to, for a minute."""
    require_unit_of_work()
    now = machine_now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "until": now + LEASE, "most": most})
        return [_parcel(list(row)) for row in cursor.fetchall()]


def _parcel(columns: list[Any]) -> Parcel:
    sealed = tuple(bytes(one) for one in columns[_SEALED_AT:] if one is not None)
    return Parcel(*[*columns[:_SEALED_AT], sealed])


def record_outcome(*, parcel: Parcel, outcome: Outcome, now: datetime) -> bool:
    """This function will write down how sending ended, and say whether the claim was still ours. ``now``: estate time.

    What failed waits, twice as long each time, and so does all else for that endpoint; one that fails for a day is
    disabled, and a case opens.
    """
    require_unit_of_work()
    at = machine_now()
    claimed = WebhookDelivery.objects.filter(
        pk=parcel.delivery_id, state=DeliveryState.PENDING, leased_until=parcel.leased_until
    )
    said: dict[str, Any] = {"leased_until": None, "status": outcome.status, "error": outcome.error[:200]}
    if outcome.is_delivered:
        said |= {"state": DeliveryState.DELIVERED, "delivered_at": at}
    elif parcel.tries >= TRIES_MAX:
        said |= {"state": DeliveryState.FAILED}
    else:
        said |= {"due_at": at + _wait(parcel.tries)}
    if claimed.update(**said) != 1:
        return False
    _note(parcel.endpoint_id, outcome, at=at, now=now)
    return True


def forget_deliveries(*, before: datetime) -> int:
    """This function will delete deliveries that arrived or were given up, made before a machine instant."""
    require_unit_of_work()
    over = WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=DeliveryState.PENDING)
    return WebhookDelivery.objects.filter(pk__in=over.values("pk")[:_FORGET_MAX]).delete()[0]


def send_again(*, delivery: WebhookDelivery) -> None:
    """This function will let a delivery be sent once more, whether it arrived or not."""
    require_unit_of_work()
    now = machine_now()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.PENDING, due_at=now, tries=0, leased_until=None, error=""
    )
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(not_before=None)


def _note(endpoint_id: int, outcome: Outcome, *, at: datetime, now: datetime) -> None:
    endpoint = WebhookEndpoint.objects.select_related("site__scope").select_for_update(of=("self",)).get(pk=endpoint_id)
    if outcome.is_delivered:
        if endpoint.failures:
            endpoint.failures, endpoint.failing_since, endpoint.not_before = 0, None, None
            endpoint.save(update_fields=["failures", "failing_since", "not_before"])
        return
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or at
    endpoint.not_before = at + _wait(endpoint.failures)
    if endpoint.state == EndpointState.ACTIVE and at - endpoint.failing_since >= DISABLED_AFTER:
        endpoint.state = EndpointState.DISABLED
        endpoint.why = (outcome.error or f"HTTP {outcome.status}")[:200]
        open_case(
            scope=endpoint.site.scope, kind=Kind.WEBHOOK_FAILING, subject_kind="webhook",
            subject_id=str(endpoint.public_id), subject_label=endpoint.url, severity="warning", now=now,
            detail={"error": endpoint.why},
        )  # fmt: skip
    endpoint.save(update_fields=["failures", "failing_since", "not_before", "state", "why"])


def _wait(tries: int) -> timedelta:
    return timedelta(seconds=min(WAIT_S * 2 ** min(tries - 1, 12), WAIT_S_MAX))


def _events(events: Collection[str]) -> list[str]:
    chosen = sorted(set(events))
    if not chosen or not set(chosen) <= set(WebhookEvent.values):
        raise BadEndpoint(
            "Choose events: %(events)s.", hint="At least one of them.", events=tuple(WebhookEvent.values)
        )  # fmt: skip
    return chosen


def _delivery(endpoint: WebhookEndpoint, one: Happened, now: datetime) -> WebhookDelivery:
    public_id = uuid7()
    body = {
        "id": str(public_id), "event": one.event, "at": one.at.isoformat(), "site": str(endpoint.site.public_id),
        "data": dict(one.data),
    }  # fmt: skip
    return WebhookDelivery(
        public_id=public_id, endpoint=endpoint, event=one.event, event_key=one.key, created_at=now, due_at=now,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )  # fmt: skip
