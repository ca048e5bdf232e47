"""The demo's first start: the estate, its logins and rules, and the last day's readings, by the product's use cases."""

from collections.abc import Callable
from typing import Final

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.cases.services import start_progress
from prewatt.cli.demo.files import DemoFacts, virtual_meters
from prewatt.cli.demo.logins import LOGINS, PASSWORD
from prewatt.cli.demo.money import Reckoner, plan_purses
from prewatt.cli.demo.online import offer_test_provider
from prewatt.cli.demo.pace import keep_pace, read_interval_s
from prewatt.cli.demo.plan import HISTORY_DAYS, OPERATOR, SITE_CODE
from prewatt.cli.demo.readings import Recorder, batches_of, history_series, last_day_series
from prewatt.cli.demo.sheet import demo_sheet
from prewatt.cli.demo.tenants import give_portal_logins
from prewatt.estate.models import Bus, Site, SupplyMode
from prewatt.estate.secrets import MeterSafe
from prewatt.estate.services.lines import move_bus
from prewatt.supply.services.modes import ensure_policy
from prewatt.testpay.keys import Keys
from prewatt.usecases.create_login import create_login
from prewatt.usecases.import_estate import import_estate
from prewatt.usecases.see_first_run import Step, skip_step
from prewatt.usecases.set_supply_mode import set_supply_mode
from prewatt.usecases.work import unit_of_work

DEMO: Final = Actor(process="demo")
HISTORY: Final = "history"
_RULES: Final = {
    "friendly_from": None,
    "friendly_to": None,
    "friendly_weekends": False,
    "notice_channels": ["letterbox"],
}


def prepare(*, facts: DemoFacts, safe: MeterSafe, keys: Keys, say: Callable[[str], None]) -> None:
    """This function will create the estate, so that pages and collector can start; history is filled in afterwards."""
    plan = facts.plan()
    estate = facts.estate(plan)
    meters = virtual_meters(plan, estate)
    reckoner = Reckoner(meters=meters, first_day=facts.first_day, zone=facts.zone)
    purses = plan_purses(plan, reckoner=reckoner, start_at=facts.start_at, speed=facts.speed)
    say(f"Creating the estate: {len(plan.units)} meters behind {len(plan.floors)} gateways …")
    interval_s = read_interval_s(facts.speed)
    sheet = demo_sheet(plan, estate=estate, purses=purses, first_day=facts.first_day, interval_s=interval_s)
    import_estate(actor=DEMO, sheet=sheet, safe=safe, reason="Demo estate")
    for username, (role, name) in LOGINS.items():
        create_login(actor=DEMO, username=username, password=PASSWORD, name=name, role_code=role, organisation=OPERATOR)
    give_portal_logins(plan, actor=DEMO)
    site = Site.objects.select_related("scope").get(code=SITE_CODE)
    offer_test_provider(keys, actor=DEMO, site=site)
    with unit_of_work(actor=DEMO, verb="set_rules", scope=site.scope, reason="The demo has no friendly hours"):
        ensure_policy(site=site, rules=_RULES)
        keep_pace(site=site, speed=facts.speed)
        start_progress(scope=site.scope, kind=HISTORY, total=batches_of(history_series(facts)) + HISTORY_DAYS)
    say("Recording the last day …")
    recorder = Recorder(actor=DEMO, site_id=site.pk, meters=meters)
    for _ in recorder.record(last_day_series(facts)):
        pass
    admin = Actor(process="demo", user=User.objects.get(username="admin"))
    for step in (Step.MESSAGES, Step.ADDRESS):  # its letters go into the letter box, and nobody reaches it from outside
        skip_step(actor=admin, code=step.value)
    set_supply_mode(
        actor=admin,
        site_id=site.pk,
        mode=SupplyMode.LIVE,
        statement="The demo begins live.",
    )


def adjust(*, facts: DemoFacts, speed: int, keys: Keys) -> None:
    """This function will give the demo's site the pace of another speed, and everything the ports of this start."""
    site = Site.objects.select_related("scope").get(code=SITE_CODE)
    offer_test_provider(keys, actor=DEMO, site=site)
    ports = {bus.name: bus.port for bus in facts.estate(facts.plan()).buses()}
    with unit_of_work(actor=DEMO, verb="set_rules", scope=site.scope, reason=f"The demo runs at speed {speed}"):
        keep_pace(site=site, speed=speed)
        for bus in Bus.objects.filter(gateway__site=site).select_related("gateway").order_by("pk"):
            move_bus(bus=bus, port=ports[bus.gateway.code])
