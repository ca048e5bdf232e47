"""How an account wants to be told."""

from typing import Final

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.notices.errors import BadPreference
from prewatt.notices.models import Channel, Preference
from prewatt.notices.services.party import MUTABLE
from prewatt.notices.values import Wishes
from prewatt.tenancy.models import Account

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
