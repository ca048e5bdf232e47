"""What stands around every page of the portal: whose account, the way to the others, the five places at the foot."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prewatt.portal.door import Visit
from prewatt.tenancy.values import SharedAccount


@dataclass(frozen=True, slots=True)
class Place:
    """A place at the foot of the page. ``of_account``: its address names the account."""

    code: str
    icon: str
    label: Promise
    of_account: bool = True


PLACES: Final = (
    Place("home", "home", _("Home")),
    Place("use", "chart-bar", _("Use")),
    Place("money", "receipt", _("Money")),
    Place("alerts", "bell", _("Alerts")),
    Place("help", "help", _("Help")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A place as the foot draws it."""

    code: str
    icon: str
    label: Promise
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A page about the account that is reached through "More". ``owner``: for owners alone."""

    code: str
    icon: str
    label: Promise
    says: Promise
    owner: bool = False


ROWS: Final = (Row("sharing", "users", _("Sharing"), _("Who sees this account, and what they may do"), owner=True),)


@dataclass(frozen=True, slots=True)
class RowLink:
    """A row as the page draws it."""

    icon: str
    label: Promise
    says: Promise
    url: str


class Shell:
    """The frame of one page."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.share = visit.share
        self.asked_ms = visit.asked_ms

    @property
    def here(self) -> SharedAccount | None:
        """This property will hold the account that the foot leads to: the page's, else the first that is open."""
        return self.share or next(iter(self.visit.accounts), None)

    @property
    def others(self) -> list[SharedAccount]:
        """This property will hold the accounts that one can change to."""
        here = self.here
        return [one for one in self.visit.accounts if here is None or one.public_id != here.public_id]

    @property
    def steps(self) -> list[Step]:
        """This property will hold the foot's places; without an account there are only those that need none."""
        here = self.here
        return [
            Step(
                place.code, place.icon, place.label,
                reverse(f"portal:{place.code}", args=[here.public_id] if place.of_account and here else []),
            )
            for place in PLACES
            if here is not None or not place.of_account
        ]  # fmt: skip

    @property
    def rows(self) -> list[RowLink]:
        """This property will hold the rows of "More" that the login may open for the account at hand."""
        here = self.here
        return [
            RowLink(row.icon, row.label, row.says, reverse(f"portal:{row.code}", args=[here.public_id]))
            for row in ROWS
            if here is not None and (here.is_owner or not row.owner)
        ]


def shell(request: HttpRequest) -> dict[str, Any]:
    """This context processor will hand every page of the portal its frame."""
    visit = getattr(request, "visit", None)
    return {"portal": None if visit is None else Shell(visit)}
