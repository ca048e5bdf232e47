"""Personal fields of customers who are gone, blanked in the registers and in their history. Numbers stay."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from prewatt.access.audit import require_unit_of_work
from prewatt.access.history import history_of
from prewatt.access.models import LoginSession, Membership, OneTimeCode, User
from prewatt.kernel.clock import machine_now
from prewatt.tenancy.errors import StillCustomer
from prewatt.tenancy.models import Account, AccountShare, AccountState, Customer, PortalInvitation
from prewatt.tenancy.services import refresh_search_text

BLANK: Final = {"phone": "", "email": "", "tax_no": ""}


def blank_customer(*, customer_id: int) -> list[int]:
    """This function will blank a closed customer's name, contacts and tax number, and return its accounts' numbers.

    In the history too. Its logins, where they are nobody else's, are closed and blanked with it; invitations forget
    whom they asked. Raises StillCustomer while an account is open.
    """
    require_unit_of_work()
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    accounts = list(Account.objects.select_for_update(no_key=True).filter(customer=customer).order_by("pk"))
    if any(account.state != AccountState.CLOSED for account in accounts):
        raise StillCustomer(
            "The customer still has an open account.", hint="Settle and close all accounts of the customer first."
        )
    Customer.objects.filter(pk=customer_id).update(name=F("code"), pinyin="", **BLANK)
    history_of(Customer).filter(pgh_obj=customer_id).update(name=F("code"), **BLANK)
    refresh_search_text(accounts=accounts)
    numbers = [account.pk for account in accounts]
    _forget_invitations(Q(account__in=numbers))
    users = list(AccountShare.objects.filter(account__in=numbers).values_list("user_id", flat=True).distinct())
    AccountShare.objects.filter(account__in=numbers, to_at=None).update(to_at=machine_now())
    _blank_logins(users)
    return numbers


def forget_invitations(*, before: datetime) -> int:
    """This function will forget whom invitations asked that were made before a machine instant and are over."""
    require_unit_of_work()
    return _forget_invitations(Q(created_at__lt=before, expires_at__lt=machine_now()))


def _forget_invitations(which: Q) -> int:
    history_of(PortalInvitation).filter(pgh_obj__in=PortalInvitation.objects.filter(which).values("pk")).exclude(
        recipient=""
    ).update(name="", recipient="")
    return PortalInvitation.objects.filter(which).exclude(recipient="").update(name="", recipient="")


def _blank_logins(user_ids: Collection[int]) -> None:
    """This function will close logins that share no other account and never had a role of the desk."""
    elsewhere = AccountShare.objects.filter(user__in=user_ids, to_at=None).values("user")
    desk = Membership.objects.filter(user__in=user_ids).values("user")
    for user in User.objects.filter(pk__in=user_ids).exclude(pk__in=elsewhere).exclude(pk__in=desk):
        user.set_unusable_password()
        user.username, user.name, user.email, user.phone = f"gone-{user.public_id}", "", None, None
        user.is_active = False
        user.save()
        LoginSession.objects.filter(user=user).delete()
        OneTimeCode.objects.filter(user=user).delete()
        history_of(User).filter(pgh_obj=user).update(username=user.username, name="", email=None, phone=None)
