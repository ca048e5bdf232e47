"""What the command palette offers: pages that the login may open, and what may be done with the account in view."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.console.shell import SECTIONS
from prewatt.tenancy.values import AccountFacts


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the palette. ``in_dialog``: it opens over the page that is there."""

    icon: str
    label: str
    url: str
    in_dialog: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A page that is on no rail, or something to do with an account; ``code`` is the name of its address."""

    code: str
    icon: str
    label: Promise
    permission: Permission | None
    in_dialog: bool = False


PLACES: Final = (
    Place("cashier_day", "calculator", _("The cashier's day"), Permission.MONEY_TAKE),
    Place("outbox", "send", _("Sent messages"), Permission.ACCOUNT_VIEW),
    Place("roles", "shield", _("Roles"), Permission.ADMIN_USERS),
    Place("estate", "file-spreadsheet", _("Estate workbook"), Permission.ESTATE_IMPORT),
    Place("webhooks", "send", _("Webhooks"), Permission.API_WEBHOOKS),
    Place("me", "user-circle", _("Your login"), None),
)
DEEDS: Final = (
    Place("refund", "receipt-refund", _("Refund"), Permission.MONEY_REFUND, in_dialog=True),
    Place("clear", "eraser", _("Clear to zero"), Permission.MONEY_CLEAR, in_dialog=True),
    Place("message_settings", "bell", _("Messages of this account"), Permission.ACCOUNT_INVITE),
    Place("sharing", "share", _("Portal access"), Permission.ACCOUNT_INVITE),
)


def pages(*, held: Collection[str], text: str) -> list[Choice]:
    """This function will list the pages that a login with these permissions may open and whose name holds the text."""
    return [one for code, one in _pages(held) if _is_meant(code, one.label, text)]


def deeds(*, account: AccountFacts, held: Collection[str], text: str) -> list[Choice]:
    """This function will list what a login with these permissions may do with an account."""
    return [one for code, one in _deeds(account, held) if _is_meant(code, one.label, text)]


def _pages(held: Collection[str]) -> Iterator[tuple[str, Choice]]:
    for section in SECTIONS:
        if section.is_open(held):
            yield section.code, Choice(section.icon, str(section.label), reverse(f"console:{section.code}"))
    for place in PLACES:
        if place.permission is None or place.permission in held:
            yield place.code, Choice(place.icon, str(place.label), reverse(f"console:{place.code}"))


def _deeds(account: AccountFacts, held: Collection[str]) -> Iterator[tuple[str, Choice]]:
    if Permission.MONEY_TAKE in held:
        yield "top up", Choice("cash", str(_("Top up")), f"{reverse('console:till')}?account={account.public_id}")
    for deed in DEEDS:
        if deed.permission in held:
            where = reverse(f"console:{deed.code}", args=[account.public_id])
            yield deed.code, Choice(deed.icon, str(deed.label), where, deed.in_dialog)


def _is_meant(code: str, label: str, text: str) -> bool:
    """This function will tell whether every word is in the name, or in the code, which is English everywhere."""
    said = f"{code} {label}".lower()
    return all(word in said for word in text.lower().split())
