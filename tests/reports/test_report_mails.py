"""Saved reports and their mails: once a due moment, to each address, never twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as django_mail
from hypothesis import given
from hypothesis import strategies as st
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.kernel import clock
from prewatt.kernel.errors import NotPermitted
from prewatt.notices.channels import send_mail
from prewatt.notices.values import Sent
from prewatt.reports.due import Pace, last_due, next_due
from prewatt.reports.errors import BadRecipients, NameTaken, UnknownSavedReport
from prewatt.reports.mails import NOT_KNOWN, TRIES_MAX
from prewatt.reports.models import ReportMail, ReportSchedule, SavedReport
from prewatt.usecases.mail_due_reports import mail_due_reports
from prewatt.usecases.save_report import (
    read_recipients,
    remove_report,
    save_report,
    schedule_report,
    see_saved_report,
    see_saved_reports,
)
from prewatt.usecases.see_site import get_site

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def estate(db):
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    return town, get_site(site_id=town.site.pk)


def _actor(town, role):
    return Actor(process="web", user=make_user(town, role))


def _saved(estate, actor, **asked):
    _, site = estate
    values: dict[str, Any] = {"code": "energy", "asked": {"period": "yesterday"}, "name": "Morning", "is_shared": False}
    return save_report(actor=actor, site=site, **values | asked)


def _scheduled(estate, actor, to="a@example.org, b@example.org", **asked):
    _, site = estate
    public_id = _saved(estate, actor)
    values: dict[str, Any] = {"every": "day", "hour": 8, "form": "xlsx", "recipients": to, "language": "en"}
    schedule_report(actor=actor, site=site, public_id=public_id, **values | asked)
    return public_id


class Post:
    """A mail server that keeps what it gets."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.got = []

    def __call__(self, letter, *, attachments):
        self.got.append((letter, attachments))
        return self.answers.pop(0) if self.answers else Sent(proof="ok")


def test_a_saved_report_keeps_a_stretch_that_moves(estate):
    town, site = estate
    finance = _actor(town, "finance")
    public_id = _saved(estate, finance, asked={"period": "month", "from_day": "2026-11-01", "to_day": "2026-11-20"})
    assert see_saved_report(user=finance.user, site=site, public_id=public_id).query == "period=month&by=day&per=none"
    fixed = _saved(estate, finance, name="Fixed", asked={"from_day": "2026-10-01", "to_day": "2026-10-31"})
    assert "from_day=2026-10-01" in see_saved_report(user=finance.user, site=site, public_id=fixed).query
    with pytest.raises(NameTaken):
        _saved(estate, finance)


def test_others_see_what_is_shared_and_may_read(estate):
    town, site = estate
    finance, engineer = _actor(town, "finance"), _actor(town, "engineer")
    _saved(estate, finance, name="Mine")
    _saved(estate, finance, name="Ours", is_shared=True)
    money = _saved(estate, finance, name="Money", code="takings", is_shared=True)
    assert [one.name for one in see_saved_reports(user=engineer.user, site=site)] == ["Ours"]
    with pytest.raises(NotPermitted):
        see_saved_report(user=engineer.user, site=site, public_id=money)
    with pytest.raises(NotPermitted):
        _saved(estate, engineer, is_shared=True)
    with pytest.raises(NotPermitted):
        schedule_report(
            actor=engineer, site=site, public_id=_saved(estate, engineer), every="day", hour=8, form="csv",
            recipients="a@example.org", language="en",
        )  # fmt: skip


def test_a_due_report_is_mailed_once_to_each(estate):
    town, _ = estate
    _scheduled(estate, _actor(town, "finance"))
    post = Post()
    assert mail_due_reports(actor=ACTOR, send=post) == 0
    set_clock("2026-11-21T08:00:01")
    assert mail_due_reports(actor=ACTOR, send=post) == 2
    assert mail_due_reports(actor=ACTOR, send=post) == 0
    assert [letter.recipient for letter, _ in post.got] == ["a@example.org", "b@example.org"]
    letter, ((name, content, kind),) = post.got[0]
    assert "Morning" in letter.subject
    assert name == "energy-2026-11-20-2026-11-20.xlsx"
    assert kind.endswith("spreadsheetml.sheet")
    assert content[:2] == b"PK"
    set_clock("2026-11-25T09:00")  # four mornings were missed: the latest is mailed
    assert mail_due_reports(actor=ACTOR, send=post) == 2
    assert ReportMail.objects.values("due_at").distinct().count() == 2


def test_a_mail_that_surely_did_not_go_out_is_tried_again_five_times(estate):
    town, _ = estate
    _scheduled(estate, _actor(town, "finance"), to="a@example.org")
    set_clock("2026-11-21T08:00:01")
    away = Post(*[Sent(error="cannot be reached")] * 9)
    for _try in range(9):
        mail_due_reports(actor=ACTOR, send=away)
        ReportMail.objects.update(next_try_at=clock.machine_now())
    mail = ReportMail.objects.get()
    assert (mail.state, mail.tries, len(away.got)) == ("failed", TRIES_MAX, TRIES_MAX)


def test_a_mail_whose_sender_died_is_not_sent_again(estate):
    town, _ = estate
    _scheduled(estate, _actor(town, "finance"), to="a@example.org")
    set_clock("2026-11-21T08:00:01")

    def die(letter, *, attachments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mail_due_reports(actor=ACTOR, send=die)
    ReportMail.objects.update(next_try_at=clock.machine_now())
    post = Post()
    mail_due_reports(actor=ACTOR, send=post)
    mail = ReportMail.objects.get()
    assert (post.got, mail.state, mail.error) == ([], "failed", NOT_KNOWN)


@pytest.mark.parametrize("how", ["closed", "role"])
def test_who_may_not_read_it_any_more_mails_nothing(estate, how):
    town, _ = estate
    finance = _actor(town, "finance")
    _scheduled(estate, finance, to="a@example.org")
    if how == "closed":
        User.objects.filter(pk=finance.user.pk).update(is_active=False)
    else:
        finance.user.memberships.update(to_at=clock.machine_now())
    set_clock("2026-11-21T08:00:01")
    post = Post()
    mail_due_reports(actor=ACTOR, send=post)
    mail = ReportMail.objects.get()
    assert (post.got, mail.state) == ([], "failed")
    assert mail.error


def test_removed_it_is_gone_and_mails_nothing(estate):
    town, site = estate
    finance = _actor(town, "finance")
    public_id = _scheduled(estate, finance)
    remove_report(actor=finance, site=site, public_id=public_id)
    assert see_saved_reports(user=finance.user, site=site) == []
    with pytest.raises(UnknownSavedReport):
        see_saved_report(user=finance.user, site=site, public_id=public_id)
    set_clock("2026-11-21T08:00:01")
    assert mail_due_reports(actor=ACTOR, send=Post()) == 0
    assert SavedReport.objects.get().ended_at is not None
    assert ReportSchedule.objects.get().ended_at is not None


def test_a_schedule_takes_the_place_of_the_one_before_and_can_end(estate):
    town, site = estate
    finance = _actor(town, "finance")
    public_id = _scheduled(estate, finance)
    again: dict[str, Any] = {"hour": 9, "form": "csv", "recipients": "c@example.org", "language": "en"}
    schedule_report(actor=finance, site=site, public_id=public_id, every="month", **again)
    schedule = see_saved_report(user=finance.user, site=site, public_id=public_id).schedule
    assert schedule is not None
    assert (schedule.every, schedule.recipients) == ("month", ("c@example.org",))
    assert schedule.due_at == datetime(2026, 12, 1, 1, tzinfo=UTC)
    schedule_report(actor=finance, site=site, public_id=public_id, every="", **again)
    assert see_saved_report(user=finance.user, site=site, public_id=public_id).schedule is None


def test_a_mail_carries_its_file(settings, estate):
    settings.EMAIL_HOST = "mail.example.org"
    town, _ = estate
    _scheduled(estate, _actor(town, "finance"), to="a@example.org", form="csv", language="zh-hans")
    set_clock("2026-11-21T08:00:01")
    mail_due_reports(actor=ACTOR, send=send_mail)
    assert [one.error for one in ReportMail.objects.all()] == [""]
    (mail,) = django_mail.outbox
    name, content, kind = mail.attachments[0]
    assert (name, kind) == ("energy-2026-11-20-2026-11-20.csv", "text/csv")
    assert "日期" in (content if isinstance(content, str) else content.decode())


@pytest.mark.parametrize("typed", ["", "nobody", "a@example.org b", ",".join(f"a{n}@example.org" for n in range(11))])
def test_recipients_are_mail_addresses(typed):
    with pytest.raises(BadRecipients):
        read_recipients(typed)


def test_recipients_come_by_commas_and_lines_once_each():
    assert read_recipients("A@example.org; a@example.org,\n b@example.org") == ("a@example.org", "b@example.org")


HOURS = st.integers(0, 23)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
ZONES = st.sampled_from([SHANGHAI, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")])


@given(pace=st.sampled_from(Pace), hour=HOURS, at=INSTANTS, zone=ZONES)
def test_the_next_moment_lies_ahead_and_none_lies_between(pace, hour, at, zone):
    due = next_due(pace=pace, hour=hour, after=at, zone=zone)
    assert due > at
    assert due - at <= timedelta(days={Pace.DAY: 2, Pace.WEEK: 8, Pace.MONTH: 32}[pace])
    local = due.astimezone(zone)
    assert pace is not Pace.WEEK or local.weekday() == 0
    assert pace is not Pace.MONTH or local.day == 1
    if due - at > timedelta(seconds=1):
        assert next_due(pace=pace, hour=hour, after=due - timedelta(seconds=1), zone=zone) == due


@given(hour=HOURS, at=INSTANTS, zone=ZONES, later=st.integers(0, 20))
def test_who_was_away_is_told_the_latest(hour, at, zone, later):
    due = next_due(pace=Pace.DAY, hour=hour, after=at, zone=zone)
    now = due + timedelta(days=later)
    latest = last_due(pace=Pace.DAY, hour=hour, due=due, now=now, zone=zone)
    assert due <= latest <= now
    assert next_due(pace=Pace.DAY, hour=hour, after=latest, zone=zone) > now


def test_a_monday_and_a_first_are_the_sites_own():
    sunday = datetime(2026, 11, 22, 20, tzinfo=UTC)  # Monday, 04:00 in Shanghai
    assert next_due(pace=Pace.WEEK, hour=8, after=sunday, zone=SHANGHAI) == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert next_due(pace=Pace.MONTH, hour=0, after=sunday, zone=SHANGHAI).astimezone(SHANGHAI).date() == date(
        2026, 12, 1
    )
