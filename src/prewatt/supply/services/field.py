"""What the collector asks for and says about commands and relays. Whatever comes under an older lease is refused."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.supply.commands import DEADLINE_PASSED, SILENCE_S, TRIES, Event, State, after_failure, sources, step
from prewatt.supply.models import Command, Relay
from prewatt.supply.services.alarms import call_for_failure, close_settled, tell_changed_by_hand
from prewatt.supply.services.relays import ensure_relays, queue_commands
from prewatt.supply.values import ClaimedCommand, CommandReport, OnOff, RelayChange, RelayReport, ReportResult

CLAIM_MAX: Final = 500
LATE_EFFECT: Final = timedelta(seconds=120)
"""A relay that moves this long after its command ended (machine time) still moved because of it."""

_CLAIM: Final = """
WITH held AS (
    SELECT x.gateway, x.epoch FROM unnest(%(gateways)s::bigint[], %(epochs)s::bigint[]) AS x(gateway, epoch)
      JOIN estate_gatewaylease l ON l.gateway_id = x.gateway AND l.epoch = x.epoch AND l.until > %(now)s),
due AS (
    SELECT c.id, i.bus_id, held.epoch, c.state <> 'queued' AS is_repeat
      FROM held JOIN supply_command c ON c.gateway_id = held.gateway
      JOIN estate_meterinstallation i ON i.id = c.installation_id
     WHERE c.state IN ('queued', 'sent', 'acknowledged') AND c.target = 'relay' AND c.deadline > %(now)s
       AND (c.state = 'queued' OR c.epoch < held.epoch)
       AND (%(buses)s::bigint[] IS NULL OR i.bus_id = ANY(%(buses)s))
     ORDER BY c.priority, c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED)
UPDATE supply_command c
   SET state = CASE WHEN c.state = 'queued' THEN 'sent' ELSE c.state END, epoch = due.epoch, tries = c.tries + 1,
       sent_at = coalesce(c.sent_at, %(now)s)
  FROM due WHERE c.id = due.id
RETURNING c.id, c.public_id, c.gateway_id, due.bus_id, c.installation_id, c.wanted, c.deadline, c.epoch, c.priority,
          due.is_repeat, c.metering_point_id
"""

_FENCE: Final = """
SELECT i.id, i.metering_point_id, mp.code, mp.site_id,
       (SELECT t.account_id FROM tenancy_tenancy t WHERE t.metering_point_id = mp.id AND t.period @> %(now)s)
  FROM unnest(%(ids)s::bigint[], %(epochs)s::bigint[]) AS x(installation, epoch)
  JOIN estate_meterinstallation i ON i.id = x.installation AND i.period @> %(now)s
  JOIN estate_meteringpoint mp ON mp.id = i.metering_point_id
  JOIN estate_bus bus ON bus.id = i.bus_id
  JOIN estate_gatewaylease l ON l.gateway_id = bus.gateway_id AND l.epoch = x.epoch
"""

_STILL: Final = """
UPDATE supply_relay r SET proven_at = x.read_at
  FROM unnest(%(points)s::bigint[], %(installations)s::bigint[], %(reported)s::text[], %(read_at)s::timestamptz[])
       AS x(point, installation, reported, read_at)
 WHERE r.metering_point_id = x.point AND r.installation_id = x.installation AND r.reported = x.reported
   AND r.proven_at < x.read_at
RETURNING r.metering_point_id
"""


def claim_commands(
    *, epochs: Mapping[int, int], bus_ids: Collection[int] | None = None, limit: int = CLAIM_MAX
) -> list[ClaimedCommand]:
    """This function will hand commands to the collector that holds gateways under these epochs: queued becomes sent.

    Commands that an earlier epoch took and never ended are handed out again, marked as repeats: the relay is read
    before anything is sent. ``bus_ids`` leaves commands of other lines queued, where a newer wish can still void them.
    """
    require_unit_of_work()
    parameters: dict[str, Any] = {
        "gateways": list(epochs), "epochs": list(epochs.values()), "now": machine_now(), "limit": limit,
        "buses": None if bus_ids is None else list(bus_ids),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        rows = sorted(cursor.fetchall(), key=lambda row: (row[8], row[0]))
    touch(points=[row[10] for row in rows])
    return [ClaimedCommand(*row[:10]) for row in rows]


def has_commands_to_claim(*, epochs: Mapping[int, int], bus_ids: Collection[int] | None = None) -> bool:
    """This function will tell whether a claim would find something; it needs no unit of work."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT 1 FROM unnest(%(gateways)s::bigint[], %(epochs)s::bigint[]) AS x(gateway, epoch)
                 JOIN supply_command c ON c.gateway_id = x.gateway AND c.state IN ('queued', 'sent', 'acknowledged')
                 JOIN estate_meterinstallation i ON i.id = c.installation_id
                WHERE c.deadline > %(now)s AND (c.state = 'queued' OR c.epoch < x.epoch)
                  AND (%(buses)s::bigint[] IS NULL OR i.bus_id = ANY(%(buses)s)))""",
            {
                "gateways": list(epochs), "epochs": list(epochs.values()), "now": machine_now(),
                "buses": None if bus_ids is None else list(bus_ids),
            },
        )  # fmt: skip
        return bool(cursor.fetchone()[0])


def expire_commands() -> list[int]:
    """This function will end commands that nobody sent in time, and those whose end the field never told.

    The first expire: the decision is taken again. The second fail: the next status word says what the relay is. Neither
    is the meter's fault, so no try is counted. Returns their points.
    """
    require_unit_of_work()
    now = machine_now()
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE supply_command SET state = 'expired', ended_at = %(now)s, error = 'deadline_passed'
                WHERE state = 'queued' AND deadline <= %(now)s RETURNING metering_point_id""",
            {"now": now},
        )
        points = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """UPDATE supply_command SET state = 'failed', ended_at = %(now)s, error = 'no_outcome'
                WHERE state IN ('sent', 'acknowledged') AND deadline <= %(silent)s RETURNING metering_point_id""",
            {"now": now, "silent": now - timedelta(seconds=SILENCE_S)},
        )
        points += [row[0] for row in cursor.fetchall()]
    touch(points=points)
    return points


def follow_meter(*, installation_id: int, gateway_id: int) -> int:
    """This function will lead the commands that wait for a meter to its new gateway, and return how many.

    What was sent by way of the old one ends there: its outcome is told, or its deadline passes.
    """
    require_unit_of_work()
    waiting = Command.objects.filter(installation=installation_id, state=State.QUEUED)
    return waiting.exclude(gateway=gateway_id).update(gateway=gateway_id)


def record_relay_states(*, reports: Sequence[RelayReport], now: datetime) -> ReportResult:
    """This function will keep what status words said of relays; the newest word of each meter decides.

    A word that agrees with a command under way proves it. A change that no command of ours explains was made by hand.
    """
    require_unit_of_work()
    newest = {one.installation_id: one for one in sorted(reports, key=lambda one: one.read_at)}
    places = _fenced(newest, now)
    known = {number: newest[number] for number in places}
    ensure_relays(point_ids=[place[1] for place in places.values()], now=now)
    still = _keep_still(known, places)
    rest = {number: one for number, one in known.items() if places[number][1] not in still}
    changes = _keep_changed(rest, places, now)
    proven = _prove_commands(known)
    points = sorted({*proven, *(change.point_id for change in changes)})
    touch(points=points)
    queue_commands(now=now, point_ids=points, wanted="on")
    refused = len(newest) - len(places)
    return ReportResult(len(places), len(reports) - len(newest), refused, tuple(changes), tuple(known))


def _fenced(reports: Mapping[int, RelayReport], now: datetime) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_FENCE, {"ids": list(reports), "epochs": [one.epoch for one in reports.values()], "now": now})
        return {row[0]: row for row in cursor.fetchall()}


def _keep_still(known: Mapping[int, RelayReport], places: Mapping[int, tuple[Any, ...]]) -> set[int]:
    ordered = sorted(known, key=lambda number: places[number][1])
    parameters = {
        "points": [places[number][1] for number in ordered],
        "installations": ordered,
        "reported": [known[number].reported for number in ordered],
        "read_at": [known[number].read_at for number in ordered],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT metering_point_id FROM supply_relay WHERE metering_point_id = ANY(%s) "
                       "ORDER BY metering_point_id FOR NO KEY UPDATE", [parameters["points"]])  # fmt: skip
        cursor.execute(_STILL, parameters)
        return {row[0] for row in cursor.fetchall()}


def _keep_changed(
    rest: Mapping[int, RelayReport], places: Mapping[int, tuple[Any, ...]], now: datetime
) -> list[RelayChange]:
    by_point = {places[number][1]: number for number in rest}
    changes = []
    for relay in Relay.objects.filter(pk__in=by_point).order_by("pk"):
        report, place = rest[by_point[relay.pk]], places[by_point[relay.pk]]
        is_other_meter = relay.installation_id != report.installation_id
        if not is_other_meter and relay.proven_at is not None and relay.proven_at >= report.read_at:
            continue  # an older word that came late
        was_known = not is_other_meter and relay.reported != "unknown"
        command = _explaining(relay, report) if was_known else None
        by_hand = was_known and command is None
        relay.reported, relay.installation_id = report.reported, report.installation_id
        relay.proven_at, relay.changed_at = report.read_at, report.read_at
        relay.save(update_fields=["reported", "installation_id", "proven_at", "changed_at"])
        if by_hand:
            tell_changed_by_hand(relay=relay, label=place[2], site_id=place[3], now=now)
        close_settled(relay=relay, now=now)
        if was_known:
            changes.append(_change(report, place, command))
    return changes


def _change(report: RelayReport, place: tuple[Any, ...], command: Command | None) -> RelayChange:
    return RelayChange(
        point_id=place[1], point_code=place[2], site_id=place[3], installation_id=report.installation_id,
        reported=report.reported, at=report.read_at, ours=command is not None,
        reason=command.cause if command else "by_hand", account_id=place[4],
    )  # fmt: skip


def _explaining(relay: Relay, report: RelayReport) -> Command | None:
    """Find the command of ours that was on its way between the last word of this relay and this one."""
    sent = Command.objects.filter(installation=report.installation_id, target="relay", sent_at__isnull=False)
    for command in sent.order_by("-id")[:2]:
        if command.wanted == report.reported:
            return command if _was_on_its_way(command, relay, report) else None
        if command.state == State.VERIFIED:
            return None  # the opposite was proven after anything older
    return None


def _was_on_its_way(command: Command, relay: Relay, report: RelayReport) -> bool:
    clock = estate_clock()
    if command.sent_at is None or clock.estate_at(command.sent_at) > report.read_at:
        return False
    if command.ended_at is None or relay.proven_at is None:
        return True
    return clock.estate_at(command.ended_at + LATE_EFFECT) >= relay.proven_at


def _prove_commands(known: Mapping[int, RelayReport]) -> list[int]:
    """A status word read after the command was handed out, and saying what it wanted, is its proof."""
    clock, machine = estate_clock(), machine_now()
    live = Command.objects.filter(installation__in=known, target="relay", state__in=[*sources(Event.PROVE), "queued"])
    points = []
    for command in live.order_by("metering_point_id"):
        report = known[command.installation_id]
        if command.wanted != report.reported:
            continue
        if command.state == State.QUEUED:
            new, error = State.VOIDED, "already so"
        elif command.sent_at is not None and clock.estate_at(command.sent_at) <= report.read_at:
            new, error = State.VERIFIED, ""
        else:
            continue
        if Command.objects.filter(pk=command.pk, state=command.state).update(state=new, ended_at=machine, error=error):
            points.append(command.metering_point_id)
    return points


def record_command_steps(*, reports: Sequence[CommandReport], now: datetime) -> ReportResult:
    """This function will move commands on as the field says; a step that its state does not know changes nothing.

    ``verified`` counts when the relay row itself proves it; otherwise the status word that follows will.
    """
    require_unit_of_work()
    counts: dict[str, int] = defaultdict(int)
    ended = set()
    commands = {
        command.pk: command
        for command in Command.objects.select_related("gateway__lease", "metering_point__site__scope")
        .select_for_update(of=("self",))
        .filter(pk__in={report.command_id for report in reports})
        .order_by("metering_point_id", "pk")
    }
    for report in reports:
        command = commands.get(report.command_id)
        if command is None or not _is_in_force(command, report):
            counts["refused"] += 1
            continue
        moved = _move(command, report, now)
        counts["applied" if moved else "repeated"] += 1
        if moved and command.state not in {State.SENT, State.ACKNOWLEDGED}:
            ended.add(command.metering_point_id)
    touch(points={command.metering_point_id for command in commands.values()})
    queue_commands(now=now, point_ids=sorted(ended), wanted="on")  # a disconnection is judged anew by the worker
    return ReportResult(counts["applied"], counts["repeated"], counts["refused"])


def _is_in_force(command: Command, report: CommandReport) -> bool:
    lease = getattr(command.gateway, "lease", None)
    return lease is not None and lease.epoch == report.epoch and command.epoch == report.epoch


_EVENTS: Final = {
    "sent": Event.SEND, "acknowledged": Event.ACKNOWLEDGE, "verified": Event.PROVE, "failed": Event.FAIL,
    "expired": Event.EXPIRE,
}  # fmt: skip


def _move(command: Command, report: CommandReport, now: datetime) -> bool:
    event = _EVENTS[report.step]
    new = step(State(command.state), event)
    if new is None:
        return False
    if (
        event is Event.PROVE
        and not Relay.objects.filter(
            pk=command.metering_point_id, installation=command.installation_id, reported=command.wanted
        ).exists()
    ):
        event, new = Event.ACKNOWLEDGE, step(State(command.state), Event.ACKNOWLEDGE) or State.ACKNOWLEDGED
    before, command.state = command.state, new
    command.error = ": ".join(part for part in (report.error, report.detail) if part)[:200]
    if new in {State.SENT, State.ACKNOWLEDGED}:
        command.acknowledged_at = command.acknowledged_at or report.machine_at
    else:
        command.ended_at = report.machine_at
    moved = Command.objects.filter(pk=command.pk, state=before).update(
        state=command.state, error=command.error, acknowledged_at=command.acknowledged_at, ended_at=command.ended_at
    )
    if moved == 1 and event is Event.FAIL:
        spend_try(command=command, error=report.error, now=now)
    elif moved == 1 and event is Event.EXPIRE:
        spend_try(command=command, error=DEADLINE_PASSED, now=now)
    return moved == 1


def spend_try(*, command: Command, error: str, now: datetime) -> None:
    """This function will count a failed command against its relay's budget, and call a person when that is due."""
    require_unit_of_work()
    relay = Relay.objects.select_for_update(of=("self",)).get(pk=command.metering_point_id)
    if relay.desired != command.wanted:
        return  # nobody wants it any more
    after = after_failure(error=error, tries=relay.tries, budget=relay.budget)
    relay.tries, relay.stopped = after.tries, after.stopped
    relay.next_try_at = machine_now() + timedelta(seconds=after.wait_s)
    relay.save(update_fields=["tries", "stopped", "next_try_at"])
    if after.call:
        call_for_failure(command=command, error=error, stopped=after.stopped, now=now)


def resume_relays(*, point_ids: Collection[int], now: datetime, causes: Collection[str] | None = None) -> int:
    """This function will give relays whose budget is spent a fresh one; ``causes`` narrows to why they stopped."""
    require_unit_of_work()
    rows = Relay.objects.filter(pk__in=point_ids).exclude(stopped="")
    if causes is not None:
        rows = rows.filter(stopped__in=causes)
    resumed = rows.update(stopped="", tries=0, budget=TRIES, next_try_at=None)
    if resumed:
        touch(points=point_ids)
        queue_commands(now=now, point_ids=point_ids)
    return resumed


def to_on_off(text: str) -> OnOff:
    """This function will narrow a word to on or off. Raises ValueError for any other."""
    if text not in {"on", "off"}:
        raise ValueError(f"{text!r} is neither on nor off")
    return cast("OnOff", text)
