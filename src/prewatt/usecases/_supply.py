"""What every use case does after it moved an account's balance: warn, judge, and let what differs be commanded."""

from collections.abc import Collection

from prewatt.access.audit import UnitOfWork
from prewatt.access.notify import touch
from prewatt.billing.services.forecasts import refresh_ends
from prewatt.notices.queries import find_proofs, list_warned_accounts
from prewatt.notices.services import raise_warnings
from prewatt.supply.services import review_standings
from prewatt.supply.standings import list_low_accounts, list_standings
from prewatt.supply.values import ReviewResult


def after_balance_change(work: UnitOfWork, *, account_ids: Collection[int]) -> ReviewResult:
    """This function will warn the accounts that sank, and place or lift their credit holds, by what is available now.

    The caller stands in ``work`` and has locked the account rows. Wishes, commands and notices are written; whoever
    must act is woken when the work commits. Most accounts of a sweep stand above every level and are not looked at.
    """
    available = refresh_ends(account_ids=account_ids, now=work.now)
    touch(accounts=account_ids)
    near = list_low_accounts(available=available, now=work.now) | list_warned_accounts(account_ids=account_ids)
    if not near:
        return ReviewResult()
    standings = list_standings(account_ids=near, now=work.now)
    raise_warnings(standings=standings, now=work.now)
    proofs = find_proofs(account_ids=[one.account_id for one in standings if one.available <= 0])
    return review_standings(standings=standings, now=work.now, proofs=proofs)
