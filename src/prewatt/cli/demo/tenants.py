"""Portal logins of the demo: an owner of several shops, one of which runs dry and is shared in all three roles."""

from prewatt.access.audit import Actor
from prewatt.access.services import create_login
from prewatt.cli.demo.logins import PASSWORD, TENANTS
from prewatt.cli.demo.plan import SITE_CODE, DemoPlan, owned_by_visitor
from prewatt.cli.demo.sheet import account_number
from prewatt.tenancy.models import Account
from prewatt.tenancy.services import share_account
from prewatt.usecases.work import unit_of_work


def give_portal_logins(plan: DemoPlan, *, actor: Actor) -> None:
    """This function will make the tenants' logins and share their accounts. The first is known by phone and mail."""
    owned = owned_by_visitor(plan)
    numbers = [account_number(one.code) for one in owned]
    ids = dict(Account.objects.filter(site__code=SITE_CODE, number__in=numbers).values_list("number", "pk"))
    with unit_of_work(actor=actor, verb="give_portal_logins", reason="Demo logins"):
        owner, payer, viewer = (
            create_login(
                username=username, password=PASSWORD, name=name,
                phone=owned[0].phone if is_first else None, email=owned[0].email if is_first else None,
            )
            for is_first, (username, name) in zip((True, False, False), TENANTS.items(), strict=True)
        )  # fmt: skip
        for number in numbers:
            share_account(account_id=ids[number], user=owner, role="owner")
        share_account(account_id=ids[numbers[1]], user=payer, role="payer", by=owner)
        share_account(account_id=ids[numbers[1]], user=viewer, role="viewer", by=owner)
