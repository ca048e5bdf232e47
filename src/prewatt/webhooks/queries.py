"""Endpoints and their log, for who may see them; and what waits for the worker."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.kernel.clock import machine_now
from prewatt.webhooks.errors import UnknownDelivery, UnknownEndpoint
from prewatt.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookOutbox
from prewatt.webhooks.values import DeliveryLine, EndpointLine, Happened

PERMISSION = Permission.API_WEBHOOKS
PAGE_MAX = 201


def list_endpoints(
    *, user: User, site_public_id: UUID | None = None, after: UUID | None = None, limit: int = 100
) -> list[EndpointLine]:
    """This function will list endpoints of the login's sites, in the order in which they were made."""
    rows = _endpoints(user)
    if site_public_id is not None:
        rows = rows.filter(site__public_id=site_public_id)
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    return [to_line(row) for row in rows.order_by("public_id")[: min(limit, PAGE_MAX)]]


def see_endpoint(*, user: User, public_id: UUID) -> EndpointLine:
    """This function will return one endpoint. Raises UnknownEndpoint."""
    return to_line(get_endpoint(user=user, public_id=public_id))


def get_endpoint(*, user: User, public_id: UUID) -> WebhookEndpoint:
    """This function will return an endpoint with its site, for use cases. Raises UnknownEndpoint."""
    row = _endpoints(user).filter(public_id=public_id).first()
    if row is None:
        raise UnknownEndpoint("There is no such webhook, or it is not within your scope.")
    return row


def list_deliveries(
    *, user: User, endpoint_public_id: UUID, state: str = "", before: UUID | None = None, limit: int = 50
) -> list[DeliveryLine]:
    """This function will list an endpoint's deliveries, the newest first. Raises UnknownEndpoint."""
    endpoint = get_endpoint(user=user, public_id=endpoint_public_id)
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("endpoint")
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(public_id__lt=before)
    return [_delivery(row) for row in rows.order_by("-public_id")[: min(limit, PAGE_MAX)]]


def get_delivery(*, user: User, public_id: UUID) -> WebhookDelivery:
    """This function will return a delivery with its endpoint and site, for use cases. Raises UnknownDelivery."""
    rows = WebhookDelivery.objects.filter(endpoint__in=_endpoints(user)).select_related("endpoint__site__scope")
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise UnknownDelivery("There is no such delivery, or it is not within your scope.")
    return row


def has_news() -> bool:
    """This function will tell whether a row waits to be looked at."""
    return WebhookOutbox.objects.exists()


def has_due_deliveries() -> bool:
    """This function will tell whether a worker has something to deliver."""
    now = machine_now()
    rows = WebhookDelivery.objects.filter(state=DeliveryState.PENDING, due_at__lte=now, endpoint__state="active")
    return rows.filter(_free(now, "leased_until") & _free(now, "endpoint__not_before")).exists()


def unwritten(happened: Sequence[Happened]) -> list[Happened]:
    """This function will leave out what deliveries were written for already, to all who wanted to be told then."""
    keys = [one.key for one in happened]
    written = set(WebhookDelivery.objects.filter(event_key__in=keys).values_list("event_key", flat=True))
    return [one for one in happened if one.key not in written]


def _free(now: object, name: str) -> Q:
    return Q(**{name: None}) | Q(**{f"{name}__lte": now})


def _endpoints(user: User) -> QuerySet[WebhookEndpoint]:
    rows = WebhookEndpoint.objects.select_related("site__scope")
    return for_scope(rows, path_field="site__scope__path", user=user, permission=PERMISSION)


def to_line(row: WebhookEndpoint) -> EndpointLine:
    """This function will return an endpoint as faces see it."""
    return EndpointLine(
        row.pk, row.public_id, row.site.public_id, row.url, row.note, tuple(row.events), row.state, row.created_at,
        row.failing_since, row.old_until, row.why,
    )  # fmt: skip


def _delivery(row: WebhookDelivery) -> DeliveryLine:
    return DeliveryLine(
        row.public_id, row.endpoint.public_id, row.event, row.state, row.tries, row.status, row.error, row.created_at,
        row.due_at, row.delivered_at, row.body,
    )  # fmt: skip
