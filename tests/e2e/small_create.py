"""Creates the small estate by the product's own import. Imported where Django is set up already."""

import dataclasses
from datetime import timedelta

from tests.e2e.small_estate import (
    FACTS_FILE,
    LAST_CALL_S,
    LEFT_FEN,
    LEVEL_1_FEN,
    LEVEL_2_FEN,
    READ_INTERVAL_S,
    TENANT,
    SmallFacts,
)

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.services import create_login as create_tenant
from prewatt.cli.demo.files import virtual_meters
from prewatt.cli.demo.logins import LOGINS, PASSWORD
from prewatt.cli.demo.money import PursePlan, Reckoner
from prewatt.cli.demo.plan import CURRENCY, OPERATOR, SITE_CODE
from prewatt.cli.demo.readings import Recorder
from prewatt.cli.demo.sheet import demo_sheet
from prewatt.config.environment import environment
from prewatt.estate.models import Site, SupplyMode
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, days, local_date
from prewatt.metering.models import ReadingKind
from prewatt.supply.services.modes import ensure_policy
from prewatt.tenancy.models import Account
from prewatt.tenancy.services import share_account
from prewatt.usecases.create_login import create_login
from prewatt.usecases.import_estate import import_estate
from prewatt.usecases.set_supply_mode import set_supply_mode
from prewatt.usecases.work import unit_of_work


def create() -> None:
    """Import the estate with its logins and rules, record its midnights, and go live."""
    actor = Actor(process="test")
    facts = SmallFacts.load(environment().data_folder / "state" / FACTS_FILE)
    assert facts is not None
    plan = facts.plan()
    estate = facts.estate(plan)
    meters = virtual_meters(plan, estate)
    reckoner = Reckoner(meters=meters, first_day=facts.first_day, zone=facts.zone)
    left, level_1, level_2 = (Money(fen, CURRENCY) for fen in (LEFT_FEN, LEVEL_1_FEN, LEVEL_2_FEN))
    purses = [
        PursePlan(one.code, reckoner.cost(one, facts.start_at) + left, level_1, level_2, ()) for one in plan.tenants
    ]
    sheet = demo_sheet(plan, estate=estate, purses=purses, first_day=facts.first_day, interval_s=READ_INTERVAL_S)
    safe = MeterSafe.open(environment().meter_key_file, create=True)
    import_estate(actor=actor, sheet=sheet, safe=safe)
    for username, (role, name) in LOGINS.items():
        create_login(
            actor=actor, username=username, password=PASSWORD, name=name, role_code=role, organisation=OPERATOR
        )
    site = Site.objects.select_related("scope").get(code=SITE_CODE)
    rules = {
        "friendly_from": None, "friendly_to": None, "friendly_weekends": False, "last_call_s": LAST_CALL_S,
        "notice_channels": ["letterbox"],
    }  # fmt: skip
    with unit_of_work(actor=actor, verb="set_rules", scope=site.scope, reason="Tests at any hour"):
        ensure_policy(site=site, rules=rules)
        tenant = create_tenant(username=TENANT, password=PASSWORD, name="Tenant")
        share_account(account_id=Account.objects.filter(site=site).earliest("pk").pk, user=tenant, role="owner")
    today = local_date(facts.start_at, facts.zone)
    midnights = [
        (day_start(day, facts.zone), ReadingKind.DAILY) for day in days(facts.first_day + timedelta(days=1), today)
    ]
    for _ in Recorder(actor=actor, site_id=site.pk, meters=meters).record(midnights):
        pass
    admin = dataclasses.replace(actor, user=User.objects.get(username="admin"))
    set_supply_mode(actor=admin, site_id=site.pk, mode=SupplyMode.LIVE, statement="The small estate begins live.")
