"""Webhooks: who is told of events at a site, the log of what was told, and telling again."""

from typing import Annotated, Self
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router, Schema
from pydantic import Field

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import TEXT, Cursor, Key, Limit, answers, hash_of, once, page_of, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas import Instant, Strict, known
from prewatt.usecases.answer_once import answer_once
from prewatt.usecases.configure_webhook import (
    change_webhook,
    enable_webhook,
    end_webhook,
    open_webhook,
    resend_delivery,
    rotate_webhook,
)
from prewatt.webhooks.queries import list_deliveries, list_endpoints, see_endpoint
from prewatt.webhooks.values import DeliveryLine, EndpointLine

MANAGE = Permission.API_WEBHOOKS
EVENTS = ("payment", "disconnection", "reconnection", "low_balance", "alarm")
router = Router(tags=["webhooks"])


class WebhookWish(Strict):
    """Where to tell, and of which events."""

    url: str = Field(max_length=500, examples=["https://erp.example.org/hooks/prewatt"], description="https alone")
    events: list[str] = Field(min_length=1, max_length=len(EVENTS), examples=[list(EVENTS)])
    note: str = Field(default="", max_length=120, pattern=TEXT)


class WebhookIn(WebhookWish):
    """A new webhook of a site."""

    site: UUID


class WebhookOut(Schema):
    """A webhook. Its times are machine time."""

    id: UUID
    site: UUID
    url: str
    note: str
    events: list[Annotated[str, known(*EVENTS)]]
    state: Annotated[str, known("active", "disabled", "ended")]
    why: str = Field(description="Why it is disabled")
    created_at: Instant
    failing_since: Instant | None
    old_secret_until: Instant | None = Field(description="Until when the secret before the last signs too")

    @classmethod
    def of(cls, row: EndpointLine) -> Self:
        """This method will write a webhook for a machine."""
        return cls(
            id=row.public_id, site=row.site_public_id, url=row.url, note=row.note, events=list(row.events),
            state=row.state, why=row.why, created_at=row.created_at, failing_since=row.failing_since,
            old_secret_until=row.rotated_until,
        )  # fmt: skip


class WebhookSecretOut(WebhookOut):
    """A webhook with its secret, which is told once: a repeated request gets null. Rotate when you have lost it."""

    secret: str | None


class WebhooksOut(Schema):
    """A page of webhooks."""

    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(Schema):
    """An event told to a webhook. ``body`` is what was sent, byte for byte."""

    id: UUID
    webhook: UUID
    event: Annotated[str, known(*EVENTS)]
    state: Annotated[str, known("pending", "delivered", "failed")]
    tries: int
    status: int | None = Field(description="The last answer's HTTP status")
    error: str
    created_at: Instant
    due_at: Instant
    delivered_at: Instant | None
    body: str

    @classmethod
    def of(cls, row: DeliveryLine) -> Self:
        """This method will write a delivery for a machine."""
        return cls(
            id=row.public_id, webhook=row.endpoint_public_id, event=row.event, state=row.state, tries=row.tries,
            status=row.status, error=row.error, created_at=row.created_at, due_at=row.due_at,
            delivered_at=row.delivered_at, body=row.body,
        )  # fmt: skip


class DeliveriesOut(Schema):
    """A page of deliveries, the newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class ResentOut(Schema):
    """A delivery that waits to be sent once more."""

    id: UUID
    state: Annotated[str, known("pending")]


@router.get("/webhooks", response=answers(200, WebhooksOut), summary="List webhooks", operation_id="list_webhooks")
@permitted(MANAGE)
def webhooks(
    request: HttpRequest, site: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> WebhooksOut:  # fmt: skip
    """Webhooks of the token's sites, in the order in which they were made."""
    rows = list_endpoints(
        user=machine_of(request), site_public_id=site, after=cursors.to_uuid(cursor), limit=limit + 1
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return WebhooksOut(items=[WebhookOut.of(row) for row in page], next_cursor=next_cursor)


@router.post(
    "/webhooks", response=written(201, WebhookSecretOut), summary="Make a webhook", operation_id="open_webhook"
)  # fmt: skip
@permitted(MANAGE)
def make(request: HttpRequest, body: WebhookIn, key: Key) -> HttpResponse:
    """Tell another program of events at a site from now on. The answer holds the secret that signs, once."""
    secrets: list[str] = []

    def act() -> dict[str, object]:
        line, secret = open_webhook(
            actor=actor_of(request), site_public_id=body.site, url=body.url, events=body.events, note=body.note,
            key_file=settings.METER_KEY_FILE,
        )  # fmt: skip
        secrets.append(secret)
        return WebhookOut.of(line).model_dump(mode="json")

    kept = answer_once(
        actor=actor_of(request), key=key, body_hash=hash_of(request.path, body), status=201, act=act
    )  # fmt: skip
    return JsonResponse(kept.answer | {"secret": secrets[0] if secrets else None}, status=kept.status)


@router.get(
    "/webhooks/{webhook_id}", response=answers(200, WebhookOut), summary="Get a webhook", operation_id="get_webhook"
)
@permitted(MANAGE)
def webhook(request: HttpRequest, webhook_id: UUID) -> WebhookOut:
    """One webhook, and whether it fails."""
    return WebhookOut.of(see_endpoint(user=machine_of(request), public_id=webhook_id))


@router.post(
    "/webhooks/{webhook_id}/change",
    response=written(200, WebhookOut),
    summary="Change a webhook",
    operation_id="change_webhook",
)
@permitted(MANAGE)
def change(request: HttpRequest, webhook_id: UUID, body: WebhookWish, key: Key) -> HttpResponse:
    """Tell another address, or of other events, from now on."""

    def act() -> WebhookOut:
        line = change_webhook(
            actor=actor_of(request), public_id=webhook_id, url=body.url, events=body.events, note=body.note
        )
        return WebhookOut.of(line)

    return once(request, key, act, asked=body)


@router.post(
    "/webhooks/{webhook_id}/rotate",
    response=written(200, WebhookSecretOut),
    summary="Give a webhook a new secret",
    operation_id="rotate_webhook",
)
@permitted(MANAGE)
def rotate(request: HttpRequest, webhook_id: UUID, key: Key) -> HttpResponse:
    """For a day both secrets sign, so that a receiver can change over without losing anything."""
    secrets: list[str] = []

    def act() -> dict[str, object]:
        line, secret = rotate_webhook(
            actor=actor_of(request), public_id=webhook_id, key_file=settings.METER_KEY_FILE
        )  # fmt: skip
        secrets.append(secret)
        return WebhookOut.of(line).model_dump(mode="json")

    kept = answer_once(
        actor=actor_of(request), key=key, body_hash=hash_of(request.path, None), status=200, act=act
    )  # fmt: skip
    return JsonResponse(kept.answer | {"secret": secrets[0] if secrets else None}, status=kept.status)


@router.post(
    "/webhooks/{webhook_id}/enable",
    response=written(200, WebhookOut),
    summary="Enable a webhook again",
    operation_id="enable_webhook",
)
@permitted(MANAGE)
def enable(request: HttpRequest, webhook_id: UUID, key: Key) -> HttpResponse:
    """What waited meanwhile is sent."""
    return once(
        request, key, lambda: WebhookOut.of(enable_webhook(actor=actor_of(request), public_id=webhook_id))
    )  # fmt: skip


@router.post(
    "/webhooks/{webhook_id}/end", response=written(200, WebhookOut), summary="End a webhook", operation_id="end_webhook"
)
@permitted(MANAGE)
def end(request: HttpRequest, webhook_id: UUID, key: Key) -> HttpResponse:
    """Nothing more is sent to it; its log stays."""
    return once(
        request, key, lambda: WebhookOut.of(end_webhook(actor=actor_of(request), public_id=webhook_id))
    )  # fmt: skip


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    response=answers(200, DeliveriesOut),
    summary="List a webhook's deliveries",
    operation_id="list_deliveries",
)
@permitted(MANAGE)
def deliveries(
    request: HttpRequest,
    webhook_id: UUID,
    *,
    state: Annotated[str, Query(max_length=9, pattern=TEXT, description="pending, delivered or failed")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> DeliveriesOut:
    """The log, the newest first."""
    rows = list_deliveries(
        user=machine_of(request), endpoint_public_id=webhook_id, state=state, before=cursors.to_uuid(cursor),
        limit=limit + 1,
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return DeliveriesOut(items=[DeliveryOut.of(row) for row in page], next_cursor=next_cursor)


@router.post(
    "/deliveries/{delivery_id}/resend",
    response=written(200, ResentOut),
    summary="Send a delivery again",
    operation_id="resend_delivery",
)
@permitted(MANAGE)
def resend(request: HttpRequest, delivery_id: UUID, key: Key) -> HttpResponse:
    """Tell it once more, whether it arrived or not; its id stays the same."""

    def act() -> ResentOut:
        resend_delivery(actor=actor_of(request), public_id=delivery_id)
        return ResentOut(id=delivery_id, state="pending")

    return once(request, key, act)
