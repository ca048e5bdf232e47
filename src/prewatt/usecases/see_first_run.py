"""What a new installation still lacks. Each answer is read from what exists; nothing counts steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db.models import Exists, QuerySet

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Outcome, Scope, ScopeKind, User
from prewatt.access.permissions import Permission
from prewatt.access.queries import scopes_of
from prewatt.billing.models import TariffVersion
from prewatt.estate.models import Gateway, MeterInstallation, Site
from prewatt.kernel.errors import NotFound, NotPermitted
from prewatt.notices.channels import sms_settings
from prewatt.payments.models import Merchant
from prewatt.reports.estate_sheet import SiteRow
from prewatt.usecases.export_estate import site_row
from prewatt.usecases.work import unit_of_work

SUBJECT: Final = "first_run"
SKIP: Final = "skip_first_run_step"


class Step(StrEnum):
    """The steps, in the order in which they are best taken."""

    SITE = "site"
    GATEWAY = "gateway"
    ESTATE = "estate"
    TARIFF = "tariff"
    PAYMENT = "payment"
    MESSAGES = "messages"
    ADDRESS = "address"


class Stand(StrEnum):
    """How a step stands."""

    DONE = "done"
    SKIPPED = "skipped"
    OPEN = "open"
    WAITING = "waiting"
    """It needs the site first."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A step and how it stands."""

    step: Step
    stand: Stand


@dataclass(frozen=True, slots=True)
class FirstRun:
    """All steps, and the site when it is there."""

    steps: tuple[StepView, ...]
    organisation: str
    site: str = ""

    @property
    def left(self) -> int:
        """This property will hold how many steps are neither done nor skipped."""
        return sum(one.stand not in {Stand.DONE, Stand.SKIPPED} for one in self.steps)

    @property
    def following(self) -> Step | None:
        """This property will hold the step that is best taken now."""
        return next((one.step for one in self.steps if one.stand is Stand.OPEN), None)


def see_first_run(*, user: User) -> FirstRun:
    """This function will tell how each step stands for the login's organisation. Raises NotPermitted."""
    organisation = organisation_of(user=user)
    there, told = _is_there(organisation), _told(organisation)
    site = _sites(organisation).first() if there[Step.SITE] else None
    steps = tuple(StepView(step, _stand(step, there, told)) for step in Step)
    return FirstRun(steps, organisation.name, site.name if site is not None else "")


def get_site_row(*, user: User) -> SiteRow:
    """This function will return the organisation's first site as an import names it. Raises NotFound, NotPermitted."""
    site = _sites(organisation_of(user=user)).first()
    if site is None:
        raise NotFound("There is no site yet.", hint="Begin with the site.")
    return site_row(site)


def _sites(organisation: Scope) -> QuerySet[Site]:
    rows = Site.objects.filter(scope__path__startswith=organisation.path)
    return rows.select_related("scope__parent").order_by("code")


def find_first_run(*, user: User) -> FirstRun | None:
    """This function will return what is left of the set-up, None when nothing is or it is not this login's to do."""
    try:
        run = see_first_run(user=user)
    except NotPermitted:
        return None
    return run if run.left else None


def may_set_up(*, user: User) -> bool:
    """This function will tell whether the login gives rights in a whole organisation."""
    return _organisation(user) is not None


def organisation_of(*, user: User) -> Scope:
    """This function will return the organisation that the login sets up. Raises NotPermitted."""
    found = _organisation(user)
    if found is None:
        raise NotPermitted("Only who gives rights in the whole organisation sets it up.")
    return found


def skip_step(*, actor: Actor, code: str) -> None:
    """This function will note that a step is left out; done later, it counts as done. Raises NotFound, NotPermitted."""
    if actor.user is None or code not in set(Step):
        raise NotFound("There is no such step.", hint="Go back to the list of steps.")
    scope = organisation_of(user=actor.user)
    with unit_of_work(actor=actor, verb=SKIP, scope=scope, subject=(SUBJECT, code)):
        pass


def _organisation(user: User) -> Scope | None:
    scopes = scopes_of(user=user, permission=Permission.ADMIN_USERS)
    return next((one for one in scopes if one.kind == ScopeKind.ORGANISATION), None)


def _told(organisation: Scope) -> set[tuple[str, str]]:
    """Return what people have said of steps: verb and step, for whatever leaves nothing else behind."""
    rows = Action.objects.filter(subject_kind=SUBJECT, scope=organisation, outcome=Outcome.DONE)
    return {
        (verb, step)
        for verb, step, reason in rows.values_list("verb", "subject_id", "reason").distinct()
        if step != Step.ADDRESS or verb == SKIP or reason == settings.PUBLIC_ORIGIN[:200]
    }


def _is_there(organisation: Scope) -> dict[Step, bool]:
    """Return of the steps that leave something behind whether it is there, in one question."""
    below = organisation.path
    exists = {
        Step.SITE: Site.objects.filter(scope__path__startswith=below),
        Step.GATEWAY: Gateway.objects.filter(site__scope__path__startswith=below),
        Step.ESTATE: MeterInstallation.objects.filter(metering_point__site__scope__path__startswith=below),
        Step.TARIFF: TariffVersion.objects.filter(scope__path__startswith=below),
        Step.PAYMENT: Merchant.objects.filter(scope__path__startswith=below),
    }
    asked = [Exists(rows) for rows in exists.values()]
    found = Scope.objects.filter(pk=organisation.pk).values_list(*asked).get()
    return dict(zip(exists, found, strict=True))


def _stand(step: Step, there: Mapping[Step, bool], told: set[tuple[str, str]]) -> Stand:
    if there.get(step, False) or _is_proven(step, told):
        return Stand.DONE
    if (SKIP, step.value) in told:
        return Stand.SKIPPED
    needs_site = step not in {Step.SITE, Step.MESSAGES, Step.ADDRESS}
    return Stand.WAITING if needs_site and not there[Step.SITE] else Stand.OPEN


def _is_proven(step: Step, told: set[tuple[str, str]]) -> bool:
    if step is Step.MESSAGES:
        has_way = bool(settings.EMAIL_HOST) or sms_settings() is not None
        return has_way and ("send_test_message", step.value) in told
    return step is Step.ADDRESS and ("check_public_address", step.value) in told
