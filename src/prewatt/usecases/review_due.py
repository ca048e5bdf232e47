"""Judging accounts again because time passed: friendly hours ended, a last call ran out, a line came back."""

from collections.abc import Collection, Iterator, Sequence

from prewatt.access.audit import Actor
from prewatt.kernel.clock import estate_now
from prewatt.notices.queries import find_proofs
from prewatt.supply.queries import list_accounts_to_judge, list_accounts_whose_answer_changes, list_open_account_ids
from prewatt.supply.services import lock_accounts
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work

BATCH_ACCOUNTS = 500


def review_due(*, actor: Actor) -> int:
    """This function will judge the accounts whose answer changes by time alone, and return how many those are.

    It looks first and opens a unit of work only where something will change.
    """
    ids = list_accounts_to_judge()
    due = list_accounts_whose_answer_changes(
        account_ids=ids, now=estate_now(), proofs=find_proofs(account_ids=ids)
    )  # fmt: skip
    return review_accounts(actor=actor, account_ids=due)


def review_all(*, actor: Actor, site_id: int | None = None) -> int:
    """This function will judge every open account, of one site or of all: after a change of mode, and now and then.

    Returns how many were judged.
    """
    return review_accounts(actor=actor, account_ids=list_open_account_ids(site_id=site_id))


def review_accounts(*, actor: Actor, account_ids: Collection[int]) -> int:
    """This function will judge accounts in batches, each repeatable by itself."""
    for batch in _batches(sorted(account_ids)):
        with unit_of_work(actor=actor, verb="review_accounts") as work:
            after_balance_change(work, account_ids=lock_accounts(account_ids=batch))
    return len(account_ids)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH_ACCOUNTS):
        yield ids[start : start + BATCH_ACCOUNTS]
