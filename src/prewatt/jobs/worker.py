"""The worker: one process that looks for what is due and asks use cases to do it. It decides nothing.

Nothing is due because a timer rang: each job asks the database what waits. Timers and calls only make it look.
"""

from datetime import timedelta
from threading import Event
from typing import Final

import structlog
from django.conf import settings

from prewatt.access.audit import Actor
from prewatt.jobs.ear import Ear
from prewatt.jobs.lanes import Job, Lane
from prewatt.kernel.clock import estate_clock, estate_now, monotonic_s
from prewatt.notices.channels import SENDERS
from prewatt.usecases.audit_books import audit_books, audit_overdue_books
from prewatt.usecases.close_day import close_due_days
from prewatt.usecases.ensure_months import ensure_months
from prewatt.usecases.forget_old import forget_old
from prewatt.usecases.gather_events import gather_events
from prewatt.usecases.mail_due_reports import mail_due_reports
from prewatt.usecases.query_orders import expire_orders, join_unmatched, query_due_orders
from prewatt.usecases.reconcile_day import fetch_due_statements
from prewatt.usecases.reconcile_supply import end_due_holds, reconcile_supply, watch_reconnections
from prewatt.usecases.request_month import request_due_months
from prewatt.usecases.resolve_held_reading import retry_unpriced_readings
from prewatt.usecases.review_due import review_all, review_due
from prewatt.usecases.send_due_notices import follow_unconfirmed_notices, send_due_notices
from prewatt.usecases.send_refunds import send_due_refunds
from prewatt.usecases.send_webhooks import send_due_deliveries
from prewatt.usecases.work_on_paper_runs import work_on_paper_runs
from prewatt.webhooks.sending import send
from prewatt.webhooks.values import Outcome, Parcel

STOP_WITHIN_S: Final = 3.0
LOOK_S_MIN: Final = 1.0
AN_HOUR_S: Final = 3_600
FOLLOW_S: Final = 30.0

_log = structlog.get_logger(__name__)


def machine_pace_s(estate_s: float) -> float:
    """This function will turn a pace in estate seconds into machine seconds, a second at least."""
    return max(estate_clock().machine_s(timedelta(seconds=estate_s)), LOOK_S_MIN)


def lanes_of(*, actor: Actor, stopping: Event) -> list[Lane]:
    """This function will make the worker's lanes: supply is never behind a slow mail server, provider or day close."""
    supply = [
        Job("review_due", lambda: review_due(actor=actor), machine_pace_s(5)),
        Job("reconcile_supply", lambda: reconcile_supply(actor=actor), LOOK_S_MIN),
        Job("end_due_holds", lambda: end_due_holds(actor=actor), machine_pace_s(15), is_called=False),
        Job("watch_reconnections", lambda: watch_reconnections(actor=actor), machine_pace_s(30), is_called=False),
        Job("review_all", lambda: _review_all(actor), machine_pace_s(AN_HOUR_S), is_called=False),
    ]
    notices = [
        Job("send_due_notices", lambda: _send_all(actor, stopping), LOOK_S_MIN),
        Job("follow_unconfirmed", lambda: follow_unconfirmed_notices(actor=actor), FOLLOW_S, is_called=False),
    ]
    texts = [Job("send_due_texts", lambda: _send_texts(actor, stopping), LOOK_S_MIN)]
    payments = [
        Job("query_due_orders", lambda: query_due_orders(actor=actor), LOOK_S_MIN),
        Job("send_due_refunds", lambda: send_due_refunds(actor=actor), LOOK_S_MIN),
        Job("join_unmatched", lambda: join_unmatched(actor=actor), LOOK_S_MIN),
        Job("expire_orders", lambda: expire_orders(actor=actor), LOOK_S_MIN * 5, is_called=False),
    ]
    statements = [
        Job("fetch_due_statements", lambda: fetch_due_statements(actor=actor), LOOK_S_MIN * 60, is_called=False)
    ]
    calendar = [
        Job("close_due_days", lambda: _close_and_audit(actor), machine_pace_s(30), is_called=False),
        Job("audit_overdue_books", lambda: _audit_overdue(actor), machine_pace_s(300), is_called=False),
        Job("request_due_months", lambda: request_due_months(actor=actor), machine_pace_s(AN_HOUR_S), is_called=False),
        Job(
            "retry_unpriced_readings", lambda: retry_unpriced_readings(actor=actor), machine_pace_s(60), is_called=False
        ),
        Job("ensure_months", lambda: _ensure_months(actor), float(AN_HOUR_S), is_called=False),
        Job("forget_old", forget_old, float(AN_HOUR_S), is_called=False),
    ]
    events = [Job("gather_events", lambda: gather_events(actor=actor), LOOK_S_MIN * 2)]
    webhooks = [Job("send_due_deliveries", lambda: _deliver_all(actor, stopping), LOOK_S_MIN * 2)]
    papers = [Job("paper_runs", lambda: work_on_paper_runs(actor=actor, is_stopping=stopping.is_set), LOOK_S_MIN * 5)]
    reports = [Job("mail_due_reports", lambda: mail_due_reports(actor=actor), LOOK_S_MIN * 15, is_called=False)]
    return [
        Lane(name="supply", jobs=supply, stopping=stopping),
        Lane(name="notices", jobs=notices, stopping=stopping),
        Lane(name="texts", jobs=texts, stopping=stopping),
        Lane(name="payments", jobs=payments, stopping=stopping),
        Lane(name="statements", jobs=statements, stopping=stopping),
        Lane(name="calendar", jobs=calendar, stopping=stopping),
        Lane(name="papers", jobs=papers, stopping=stopping),
        Lane(name="events", jobs=events, stopping=stopping),
        Lane(name="webhooks", jobs=webhooks, stopping=stopping),
        Lane(name="reports", jobs=reports, stopping=stopping),
    ]


def _close_and_audit(actor: Actor) -> int:
    closed = len(close_due_days(actor=actor))
    if closed:
        audit_books(actor=actor)
    return closed


def _audit_overdue(actor: Actor) -> int:
    return int(audit_overdue_books(actor=actor))


def _review_all(actor: Actor) -> int:
    """Every balance change is followed by a review; this finds what one of them might have missed."""
    review_all(actor=actor)
    return 0


def _send_all(actor: Actor, stopping: Event) -> int:
    senders = {channel: send for channel, send in SENDERS.items() if channel != "sms"}
    count = 0
    while not stopping.is_set() and (sent := send_due_notices(actor=actor, senders=senders)):
        count += sent
    return count


def _deliver_all(actor: Actor, stopping: Event) -> int:
    return send_due_deliveries(
        actor=actor, send=_deliver, key_file=settings.METER_KEY_FILE, is_stopping=stopping.is_set
    )  # fmt: skip


def _deliver(parcel: Parcel, secrets: list[str]) -> Outcome:
    return send(parcel=parcel, secrets=secrets, own_networks=settings.WEBHOOK_NETWORKS)


def _send_texts(actor: Actor, stopping: Event) -> int:
    """Send as many texts a second as the contract allows, one after another; a slow provider delays no mail."""
    a_second = max(1, settings.SMS_PER_MINUTE // 60)
    count = 0
    while not stopping.is_set() and (
        sent := send_due_notices(actor=actor, senders={"sms": SENDERS["sms"]}, limit=a_second)
    ):
        count += sent
        stopping.wait(60 / settings.SMS_PER_MINUTE * sent)
    return count


def _ensure_months(actor: Actor) -> int:
    now = estate_now()
    return ensure_months(actor=actor, from_at=now, to_at=now)


def run_worker(*, stopping: Event, name: str = "worker") -> bool:
    """This function will work until ``stopping`` is set, and say whether every lane ended in time.

    A job that is under way is finished when it takes less than three seconds; each of them may be done again.
    """
    lanes = lanes_of(actor=Actor(process=name), stopping=stopping)
    ear = Ear(lanes=lanes, stopping=stopping)
    for thread in (*lanes, ear):
        thread.start()
    _log.info("worker started", lanes=[lane.name for lane in lanes])
    stopping.wait()
    end_s = monotonic_s() + STOP_WITHIN_S
    for thread in (*lanes, ear):
        if isinstance(thread, Lane):
            thread.call()
        thread.join(max(end_s - monotonic_s(), 0.0))
    left = [thread.name for thread in (*lanes, ear) if thread.is_alive()]
    _log.info("worker stopped", left=left)
    return not left
