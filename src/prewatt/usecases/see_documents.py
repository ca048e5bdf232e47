"""Issued papers as the desk finds and opens them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope, is_permitted
from prewatt.estate.models import Site
from prewatt.kernel.period import day_start, month_start
from prewatt.ledger.documents import parse_number
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.queries import (
    DocumentsWanted,
    find_book,
    find_document,
    find_last_sealed_day,
    get_document,
    search_documents,
)
from prewatt.ledger.values import DocumentLine, DocumentValue
from prewatt.tenancy.queries import find_accounts, get_account, visible_accounts
from prewatt.usecases.see_site import SiteView

HITS_MAX = 50
TAIL_DIGITS = 6
"""As many figures end a printed number: typed alone they are meant as that, and not as an account or a phone."""
_PAGE = 50


@dataclass(frozen=True, slots=True)
class PapersWanted:
    """Which papers to list. ``text`` is a number, the figures at its end, or whatever finds an account.

    ``before`` is the public id of the last paper of the page before.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    before: str = ""


def see_document(*, user: User, public_id: UUID, permission: str = Permission.ACCOUNT_VIEW) -> DocumentValue:
    """This function will return an issued paper that the login may see: of an account, or of a whole site.

    Raises UnknownDocument, UnknownAccount.
    """
    document = get_document(public_id=public_id)
    account, site = (document.content.get(key) for key in ("account_public_id", "site_public_id"))
    if account:
        get_account(user=user, public_id=UUID(account), permission=permission)
    elif not site or not _sees_site(user, UUID(site), permission):
        raise UnknownDocument("There is no such document, or it is not within your scope.")
    return document


def list_desk_documents(*, user: User, site: SiteView, wanted: PapersWanted, limit: int = _PAGE) -> list[DocumentLine]:
    """This function will list papers of a site, the newest first: all of them for who sees the whole site."""
    accounts: list[UUID] | None = None
    text = wanted.text.strip()
    is_number = parse_number(text) is not None or (text.isdecimal() and len(text) == TAIL_DIGITS)
    found = [] if is_number else find_accounts(user=user, text=text, limit=HITS_MAX)
    if found or (text and not is_number and not text.isdecimal()):
        accounts, text = [one.public_id for one in found], ""
    elif not is_permitted(user=user, permission=Permission.ACCOUNT_VIEW, scope=site.scope):
        accounts = list(visible_accounts(user=user).values_list("public_id", flat=True))
    return search_documents(
        wanted=DocumentsWanted(
            book_id=_book(site.id), text=text, kinds=wanted.kinds, before_id=_row_of(wanted.before),
            from_at=None if wanted.from_day is None else day_start(wanted.from_day, site.zone),
            to_at=None if wanted.to_day is None else day_start(wanted.to_day + timedelta(days=1), site.zone),
        ),
        account_public_ids=accounts,
        limit=limit,
    )  # fmt: skip


def list_closed_months(*, site_id: int, limit: int = 13) -> list[date]:
    """This function will return the first days of a site's months that are wholly sealed, the newest first."""
    site = Site.objects.get(pk=site_id)
    book_id = find_book(code=site.code)
    sealed = None if book_id is None else find_last_sealed_day(book_id=book_id)
    if sealed is None:
        return []
    month = month_start(sealed + timedelta(days=1))
    found: list[date] = []
    while len(found) < limit:
        month = month_start(month - timedelta(days=1))
        if month < month_start(site.first_day):
            break
        found.append(month)
    return found


def _row_of(public_id: str) -> int | None:
    try:
        document = find_document(public_id=UUID(public_id))
    except ValueError:
        return None
    return None if document is None else document.id


def _sees_site(user: User, public_id: UUID, permission: str) -> bool:
    sites = for_scope(Site.objects.all(), path_field="scope__path", user=user, permission=permission)
    return sites.filter(public_id=public_id).exists()


def _book(site_id: int) -> int:
    return find_book(code=Site.objects.values_list("code", flat=True).get(pk=site_id)) or 0
