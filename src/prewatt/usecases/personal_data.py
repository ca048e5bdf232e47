"""What we keep about one customer: taken out for them, and blanked when they are gone. The ledger keeps numbers."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, User
from prewatt.access.permissions import Permission
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotPermitted
from prewatt.kernel.money import Money
from prewatt.notices.models import Notice, Preference
from prewatt.notices.services.forgetting import forget_told
from prewatt.payments.limits import require_reason
from prewatt.payments.models import Order, Payment
from prewatt.tenancy.forgetting import blank_customer as blank_rows
from prewatt.tenancy.models import Account, AccountShare, Customer, PortalInvitation, Tenancy
from prewatt.tenancy.queries import get_account, visible_accounts
from prewatt.usecases.work import unit_of_work

RIGHT = Permission.PERSONAL_DATA
JSON_NAME, TEXT_NAME = "personal-data.json", "personal-data.txt"


def export_personal_data(*, actor: Actor, account_public_id: UUID) -> bytes:
    """This function will pack what is kept about an account's customer into a ZIP: as JSON, and to be read.

    The trail keeps that it was done, by whom and about which customer. Raises UnknownAccount, NotPermitted.
    """
    customer, scope = _customer(actor, account_public_id)
    with unit_of_work(actor=actor, verb="export_personal_data", scope=scope, subject=_subject(customer)):
        found = _gather(customer)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JSON_NAME, json.dumps(found, ensure_ascii=False, indent=1))
        archive.writestr(TEXT_NAME, "\n".join(_readable(found)) + "\n")
    return packed.getvalue()


def blank_customer(*, actor: Actor, account_public_id: UUID, reason: str) -> None:
    """This function will blank the personal fields of an account's customer who has no open account any more.

    Registers, their history, message texts and logins of their own; papers that the law wants kept, the ledger and the
    audit trail stay. Raises StillCustomer, ReasonMissing, UnknownAccount, NotPermitted.
    """
    customer, scope = _customer(actor, account_public_id)
    with unit_of_work(actor=actor, verb="blank_customer", scope=scope, subject=_subject(customer), reason=reason):
        require_reason(reason)
        numbers = blank_rows(customer_id=customer.pk)
        forget_told(account_ids=numbers)
        Order.objects.filter(account__in=numbers).update(started={}, return_url="")


def _customer(actor: Actor, account_public_id: UUID) -> tuple[Customer, Scope]:
    """This function will find the customer; all of its accounts must lie within the right of who asks."""
    user = actor.user
    assert user is not None
    facts = get_account(user=user, public_id=account_public_id, permission=RIGHT)
    account = Account.objects.select_related("customer", "site__scope").get(pk=facts.id)
    _require_all(user, account.customer)
    return account.customer, account.site.scope


def _require_all(user: User, customer: Customer) -> None:
    own = visible_accounts(user=user, permission=RIGHT).filter(customer=customer).count()
    if own != customer.accounts.count():
        raise NotPermitted(
            "The customer has accounts elsewhere, too.", hint="Ask somebody who holds this right at all of its sites."
        )


def _gather(customer: Customer) -> dict[str, Any]:
    accounts = Account.objects.filter(customer=customer).order_by("pk")
    return {
        "taken_out_at": estate_now().isoformat(),
        "customer": _rows(Customer.objects.filter(pk=customer.pk), "code", "kind", "name", "phone", "email", "tax_no",
                          "language")[0],
        "accounts": _rows(accounts, "number", "site__name", "currency", "payment_mode", "state"),
        "rooms": [
            {"account": row.account.number, "room": row.metering_point.code, "from": _plain(row.period.lower),
             "to": _plain(row.period.upper)}
            for row in Tenancy.objects.filter(account__in=accounts).select_related("account", "metering_point")
        ],
        "portal_access": _rows(
            AccountShare.objects.filter(account__in=accounts), "account__number", "user__username", "user__name",
            "user__email", "user__phone", "role", "from_at", "to_at",
        ),
        "invitations": _rows(
            PortalInvitation.objects.filter(account__in=accounts), "account__number", "name", "recipient", "role",
            "created_at",
        ),
        "message_settings": _rows(
            Preference.objects.filter(account__in=accounts), "account__number", "channels", "muted", "second_name",
            "second_phone", "second_mail",
        ),
        "messages": _rows(
            Notice.objects.filter(account__in=accounts).order_by("pk"), "account__number", "kind", "channel",
            "recipient", "subject", "body", "state", "created_at",
        ),
        "payments": [
            {"account": row.account.number if row.account else "", "kind": row.kind, "channel": row.channel,
             "amount": str(Money(row.amount, row.currency)), "at": _plain(row.received_at)}
            for row in Payment.objects.filter(account__in=accounts).select_related("account").order_by("pk")
        ],
    }  # fmt: skip


def _rows(rows: "QuerySet[Any, Any]", *names: str) -> list[dict[str, Any]]:
    return [{name.replace("__", "_"): _plain(value) for name, value in row.items()} for row in rows.values(*names)]


def _plain(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Model():
            return str(value)
        case _:
            return value


def _readable(found: Mapping[str, Any]) -> Sequence[str]:
    lines = []
    for name, value in found.items():
        rows = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
        lines += ["", name.replace("_", " ").upper(), *([] if rows or isinstance(value, list) else [str(value)])]
        for row in rows:
            lines += ["", *(f"  {field.replace('_', ' ')}: {text}" for field, text in row.items() if text is not None)]
    return lines[1:]


def _subject(customer: Customer) -> tuple[str, str]:
    return ("customer", str(customer.public_id))
