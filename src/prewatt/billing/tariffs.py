"""Tariff versions published, and tenancies assigned to tariffs. All of it needs a unit of work."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date

from django.db.models import Max

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope
from prewatt.billing.models import TariffAssignment, TariffVersion
from prewatt.kernel.errors import Conflict
from prewatt.rating.tariff import Tariff
from prewatt.tenancy.models import Tenancy


class TariffPublished(Conflict):
    """Another version of the tariff is published from that day on; published versions never change."""

    code = "tariff_published"


def hash_definition(tariff: Tariff) -> str:
    """This function will return the hash by which two definitions are the same."""
    return hashlib.sha256(json.dumps(tariff.to_json(), sort_keys=True).encode()).hexdigest()


def publish_version(
    *, scope: Scope, code: str, name: str, effective_from: date, tariff: Tariff, reference: str = ""
) -> tuple[TariffVersion, bool]:
    """This function will publish a version, or answer with the same one published before (then False).

    Raises TariffPublished when another one begins on that day. Whether the day may lie in the past is for the caller.
    """
    work = require_unit_of_work()
    digest = hash_definition(tariff)
    versions = TariffVersion.objects.filter(scope=scope, code=code)
    before = versions.filter(effective_from=effective_from).first()
    if before is not None:
        if before.definition_hash == digest:
            return before, False
        raise TariffPublished(
            "Tariff %(code)s has version %(version)s from %(day)s on.", hint="Choose a later day.", code=code,
            version=before.version, day=effective_from.isoformat(),
        )  # fmt: skip
    highest = versions.aggregate(highest=Max("version"))["highest"] or 0
    version = TariffVersion.objects.create(
        scope=scope, code=code, version=highest + 1, name=name, currency=tariff.currency, reference=reference,
        effective_from=effective_from, definition=tariff.to_json(), definition_hash=digest,
        published_at=work.now, published_by=work.actor.user,
    )  # fmt: skip
    return version, True


def assign_tariffs(*, scope: Scope, codes: Mapping[Tenancy, str]) -> int:
    """This function will rate tenancies by a tariff of the scope from their beginning on, and return how many are new.

    A tenancy that is rated already stays with its tariff.
    """
    require_unit_of_work()
    rated = set(TariffAssignment.objects.filter(tenancy__in=codes).values_list("tenancy_id", flat=True))
    made = TariffAssignment.objects.bulk_create(
        [
            TariffAssignment(tenancy=tenancy, scope=scope, tariff_code=code, period=tenancy.period)
            for tenancy, code in codes.items()
            if tenancy.pk not in rated
        ],
        batch_size=500,
    )
    return len(made)
