"""Versions of tariffs: immutable, and never from a day that was rated."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from tests.usecases_billing.town import ACTOR, Town, set_clock

from prewatt.billing.errors import TariffStartsInPast
from prewatt.billing.models import TariffVersion
from prewatt.billing.tariffs import TariffPublished
from prewatt.rating.tariff import Tariff
from prewatt.usecases.publish_tariff import publish_tariff


def publish(town: Town, day: str, price: int = 900_000, code: str = "shop") -> TariffVersion:
    return publish_tariff(
        actor=ACTOR, scope=town.site.scope, code=code, name="Shops", effective_from=date.fromisoformat(day),
        tariff=Tariff.flat(currency="CNY", price=price), reference="Notice 12",
    )  # fmt: skip


def test_versions_count_up_from_tomorrow_on(town: Town) -> None:
    version = publish(town, "2026-11-21")
    assert (version.version, version.effective_from, version.reference) == (2, date(2026, 11, 21), "Notice 12")
    assert publish(town, "2026-12-01", 950_000).version == 3
    assert publish(town, "2026-12-01", 950_000).version == 3, "the same again is the same"


@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-19", "2026-10-01"])
def test_what_has_begun_is_not_priced_anew(town: Town, day: str) -> None:
    with pytest.raises(TariffStartsInPast):
        publish(town, day)


def test_a_first_version_may_begin_at_any_day(town: Town) -> None:
    assert publish(town, "2025-01-01", code="office").version == 1


def test_another_plan_on_the_same_day_is_refused(town: Town) -> None:
    publish(town, "2026-11-21")
    with pytest.raises(TariffPublished):
        publish(town, "2026-11-21", 950_000)


def test_a_published_version_is_never_changed(town: Town) -> None:
    version = publish(town, "2026-11-21")
    with pytest.raises(IntegrityError, match="is published"), transaction.atomic():
        TariffVersion.objects.filter(pk=version.pk).update(name="Other")


def test_a_new_price_holds_from_midnight_of_the_site(town: Town) -> None:
    """G5: readings at 23:50 and 00:10; half of the use at each price."""
    set_clock("2026-11-20T12:00")
    publish(town, "2026-11-21", 1_000_000)
    set_clock("2026-11-21T12:00")
    room = town.add_room()
    town.read(room, "2026-11-20T23:50", 0)
    town.read(room, "2026-11-21T00:10", 3_000)
    assert town.accrued(room) == (1_500 * 800_000 + 1_500 * 1_000_000) // 10_000_000
