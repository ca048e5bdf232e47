"""How an account wants to be told."""

from typing import Final

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.notices.errors import BadPreference
from prewatt.notices.models import Channel, Preference
from prewatt.notices.services.party import MUTABLE
from prewatt.notices.texts import TEXTS
from prewatt.notices.values import DeskWishes, Wishes
from prewatt.supply.queries import get_policy
from prewatt.tenancy.models import Account, Customer

WISHABLE: Final = (Channel.SMS.value, Channel.MAIL.value)
WARN_DAYS_MAX: Final = 60


def keep_preference(*, account_id: int, wishes: Wishes) -> None:
    """This function will keep how an account wants to be told. Raises BadPreference."""
    require_unit_of_work()
    _require_sound(wishes)
    Preference.objects.update_or_create(
        account_id=account_id,
        defaults={
            "channels": list(wishes.channels), "muted": sorted(wishes.muted), "quiet_from": wishes.quiet_from,
            "quiet_to": wishes.quiet_to, "second_name": wishes.second_name.strip(),
            "second_phone": wishes.second_phone.strip(), "second_mail": wishes.second_mail.strip(),
        },
    )  # fmt: skip
    Account.objects.filter(pk=account_id).update(warn_days=wishes.warn_days)
    touch(accounts=[account_id])


def keep_desk_wishes(*, account_id: int, wishes: DeskWishes) -> None:
    """This function will keep the language of the customer's messages and the account's own levels.

    The language is the customer's: it holds for every account of theirs. Raises BadPreference.
    """
    require_unit_of_work()
    account = Account.objects.only("site_id", "customer_id").get(pk=account_id)
    _require_language(wishes.language)
    _require_levels(wishes, site_id=account.site_id)
    Customer.objects.filter(pk=account.customer_id).exclude(language=wishes.language).update(language=wishes.language)
    Account.objects.filter(pk=account_id).update(level_1=wishes.level_1, level_2=wishes.level_2)
    touch(accounts=[account_id])


def get_wishes(*, account_id: int) -> Wishes:
    """This function will return how an account wants to be told; who may see is asked before."""
    warn_days = Account.objects.values_list("warn_days", flat=True).get(pk=account_id)
    row = Preference.objects.filter(account=account_id).first() or Preference(account_id=account_id)
    return Wishes(
        channels=tuple(row.channels), muted=tuple(row.muted), quiet_from=row.quiet_from, quiet_to=row.quiet_to,
        warn_days=warn_days, second_name=row.second_name, second_phone=row.second_phone, second_mail=row.second_mail,
    )  # fmt: skip


def _require_sound(wishes: Wishes) -> None:
    if not set(wishes.channels) <= set(WISHABLE):
        raise BadPreference("That is not a way to be told.", hint="Use one of %(known)s.", known=", ".join(WISHABLE))
    if not set(wishes.muted) <= MUTABLE:
        raise BadPreference("Warnings of a disconnection are always sent.", hint="Leave them on.")
    if (wishes.quiet_from is None) != (wishes.quiet_to is None):
        raise BadPreference("Quiet hours need a beginning and an end.", hint="Fill in both, or neither.")
    if wishes.warn_days is not None and not 1 <= wishes.warn_days <= WARN_DAYS_MAX:
        raise BadPreference(
            "Days run from 1 to %(most)s.", hint="Leave it empty for the site's own levels.", most=WARN_DAYS_MAX
        )
    if (wishes.second_phone or wishes.second_mail) and not wishes.second_name.strip():
        raise BadPreference("The second person has no name.", hint="Say who it is.")


def _require_language(language: str) -> None:
    known = TEXTS["level_1"]
    if language not in known:
        raise BadPreference(
            "Messages are not written in that language.", hint="Use one of %(known)s.", known=", ".join(known)
        )


def _require_levels(wishes: DeskWishes, *, site_id: int) -> None:
    if any(level is not None and level < 0 for level in (wishes.level_1, wishes.level_2)):
        raise BadPreference("A level is not below zero.", hint="Leave it empty for the site's own levels.")
    policy = get_policy(site_id=site_id)
    first = policy.level_1 if wishes.level_1 is None else wishes.level_1
    second = policy.level_2 if wishes.level_2 is None else wishes.level_2
    if first < second:
        raise BadPreference("Level 1 warns first: it cannot be below level 2.", hint="Raise level 1, or lower level 2.")
