"""Who is told of events: endpoints made, changed, given new secrets, ended; and a delivery sent again."""

from collections.abc import Callable, Collection
from pathlib import Path
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.estate.models import Site
from prewatt.estate.safe import Purpose, SecretSafe
from prewatt.kernel.errors import NotPermitted
from prewatt.usecases.gather_events import latest_rows
from prewatt.usecases.see_site import find_site
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks import services
from prewatt.webhooks.models import EndpointState, WebhookEndpoint
from prewatt.webhooks.queries import get_delivery, get_endpoint, to_line
from prewatt.webhooks.values import EndpointLine


def open_webhook(
    *, actor: Actor, site_public_id: UUID, url: str, events: Collection[str], note: str, key_file: Path
) -> tuple[EndpointLine, str]:
    """This function will make an endpoint and return it with its secret, which is not to be had again.

    Raises NoSite, BadEndpoint, KeyMissing.
    """
    found = find_site(user=_user(actor), permission=Permission.API_WEBHOOKS, public_id=site_public_id)
    safe = SecretSafe.open(key_file, Purpose.WEBHOOKS, create=True)
    site = Site.objects.select_related("scope").get(pk=found.id)
    with unit_of_work(
        actor=actor, verb="open_webhook", scope=site.scope, subject=("site", str(site.public_id)), reason=url
    ):
        endpoint, secret = services.open_endpoint(
            site=site, url=url, events=events, note=note, safe=safe, since=latest_rows()
        )
        return to_line(endpoint), secret


def change_webhook(*, actor: Actor, public_id: UUID, url: str, events: Collection[str], note: str) -> EndpointLine:
    """This function will tell another address or of other events from now on. Raises UnknownEndpoint, BadEndpoint."""

    def change(endpoint: WebhookEndpoint) -> None:
        services.change_endpoint(endpoint=endpoint, url=url, events=events, note=note)

    return _edit(actor, public_id, "change_webhook", change)


def rotate_webhook(*, actor: Actor, public_id: UUID, key_file: Path) -> tuple[EndpointLine, str]:
    """This function will return a new secret; for a day the old one signs too. Raises UnknownEndpoint, KeyMissing."""
    safe = SecretSafe.open(key_file, Purpose.WEBHOOKS, create=True)
    secrets: list[str] = []

    def rotate(endpoint: WebhookEndpoint) -> None:
        secrets.append(services.rotate_secret(endpoint=endpoint, safe=safe))

    line = _edit(actor, public_id, "rotate_webhook", rotate)
    return line, secrets[0]


def enable_webhook(*, actor: Actor, public_id: UUID) -> EndpointLine:
    """This function will let deliveries go to an endpoint again. Raises UnknownEndpoint."""
    return _turn(actor, public_id, "enable_webhook", EndpointState.ACTIVE)


def end_webhook(*, actor: Actor, public_id: UUID) -> EndpointLine:
    """This function will send nothing more to an endpoint; its log stays. Raises UnknownEndpoint."""
    return _turn(actor, public_id, "end_webhook", EndpointState.ENDED)


def resend_delivery(*, actor: Actor, public_id: UUID) -> UUID:
    """This function will let a delivery be sent once more, arrived or not, and return its endpoint's public id.

    Raises UnknownDelivery.
    """
    delivery = get_delivery(user=_user(actor), public_id=public_id)
    with unit_of_work(
        actor=actor, verb="resend_delivery", scope=delivery.endpoint.site.scope, subject=("webhook", str(public_id))
    ):
        services.send_again(delivery=delivery)
    return delivery.endpoint.public_id


def _turn(actor: Actor, public_id: UUID, verb: str, state: str) -> EndpointLine:
    endpoint = get_endpoint(user=_user(actor), public_id=public_id)
    with unit_of_work(
        actor=actor, verb=verb, scope=endpoint.site.scope, subject=("webhook", str(public_id)), reason=endpoint.url
    ) as work:
        services.turn_endpoint(endpoint=endpoint, state=state, now=work.now)
        return to_line(endpoint)


def _edit(actor: Actor, public_id: UUID, verb: str, change: Callable[[WebhookEndpoint], None]) -> EndpointLine:
    endpoint = get_endpoint(user=_user(actor), public_id=public_id)
    with unit_of_work(
        actor=actor, verb=verb, scope=endpoint.site.scope, subject=("webhook", str(public_id)), reason=endpoint.url
    ):
        change(endpoint)
        return to_line(endpoint)


def _user(actor: Actor) -> User:
    if actor.user is None:
        raise NotPermitted("Webhooks are set up by a named login.")
    return actor.user
