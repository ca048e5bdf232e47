from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from prewatt.access import services as access
from prewatt.access.audit import Actor, require_unit_of_work
from prewatt.access.models import Scope, User
from prewatt.cases import queries, services
from prewatt.cases.errors import NoteMissing, UnknownCase
from prewatt.cases.kinds import KINDS, Kind
from prewatt.cases.models import Case, Progress
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _work() -> Iterator[None]:
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        yield


@pytest.fixture
def site() -> Scope:
    return access.create_scope(parent=access.ensure_organisation(name="Operator"), kind="site", name="Plaza")


@pytest.fixture
def engineer(site: Scope) -> User:
    access.ensure_roles()
    user = access.create_login(username="eve", password="", name="Eve", is_machine=True)
    access.grant(user=user, role_code="engineer", scope=site)
    return user


def _open(
    site: Scope, *, kind: str = Kind.METER_LOST, subject: str = "1", severity: str = "warning", hour: int = 0
) -> Case:
    return services.open_case(
        scope=site, kind=kind, subject_kind="installation", subject_id=subject, subject_label="1#-307",
        severity=severity, detail={"hour": hour}, now=NOW + timedelta(hours=hour),
    )  # fmt: skip


def test_every_kind_has_words() -> None:
    assert set(KINDS) == set(Kind)
    assert all(str(text.label) and str(text.hint) for text in KINDS.values())


def test_meeting_the_cause_again_is_one_case(site: Scope) -> None:
    first = _open(site)
    again = _open(site, hour=2, severity="urgent")
    assert (again.pk, again.hits, again.seen_at, again.opened_at) == (first.pk, 2, NOW + timedelta(hours=2), NOW)
    assert (again.severity, again.detail) == ("urgent", {"hour": 2})
    assert Case.objects.count() == 1


def test_a_closed_case_is_opened_anew(site: Scope) -> None:
    first = _open(site)
    assert services.close_case(kind=Kind.METER_LOST, subject_kind="installation", subject_id=1, now=NOW, note="back")
    assert not services.close_case(kind=Kind.METER_LOST, subject_kind="installation", subject_id=1, now=NOW)
    assert _open(site).pk != first.pk
    assert _open(site, subject="2").hits == 1
    subjects = ["1", "2", "3"]
    assert services.close_cases(kind=Kind.METER_LOST, subject_kind="installation", subject_ids=subjects, now=NOW) == 2
    assert services.close_cases(kind=Kind.METER_LOST, subject_kind="installation", subject_ids=subjects, now=NOW) == 0


def test_only_a_new_case_wakes_the_board(site: Scope) -> None:
    touched = require_unit_of_work().touched
    _open(site)
    assert touched.cases
    touched.cases = False
    _open(site)
    assert not touched.cases


def test_an_unknown_kind_is_a_bug(site: Scope) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        _open(site, kind="nonsense")


def test_the_board_shows_what_is_urgent_and_old_first(site: Scope, engineer: User) -> None:
    _open(site, subject="1", hour=1)
    _open(site, subject="2", hour=2, severity="urgent")
    _open(site, subject="3", hour=0)
    _open(site, subject="4", kind=Kind.CLOCK_DRIFT, severity="info")
    assert [line.subject_id for line in queries.list_open_cases(user=engineer)] == ["2", "3", "1", "4"]
    assert [line.kind for line in queries.list_open_cases(user=engineer, kind="clock_drift")] == ["clock_drift"]
    assert len(queries.list_open_cases(user=engineer, limit=1)) == 1
    assert queries.count_open_cases(user=engineer) == 4
    line = queries.list_open_cases(user=engineer)[0]
    assert (line.label, line.owner, line.subject_label) == ("Meter does not answer", "", "1#-307")


def test_a_case_of_another_site_is_not_seen(site: Scope, engineer: User) -> None:
    other = access.create_scope(parent=access.ensure_organisation(name="Operator"), kind="site", name="Tower")
    case = _open(other)
    assert queries.count_open_cases(user=engineer) == 0
    with pytest.raises(UnknownCase):
        queries.get_open_case(user=engineer, public_id=case.public_id)
    with pytest.raises(UnknownCase):
        queries.get_open_case(user=engineer, public_id=uuid4())


def test_a_person_claims_and_settles_with_a_word(site: Scope, engineer: User) -> None:
    case = _open(site)
    services.claim_case(case_id=case.pk, owner=engineer)
    assert queries.get_open_case(user=engineer, public_id=case.public_id).owner == "Eve"
    with pytest.raises(NoteMissing):
        services.settle_case(case_id=case.pk, note=" ", now=NOW)
    services.settle_case(case_id=case.pk, note="Loose wire, tightened", now=NOW)
    with pytest.raises(UnknownCase):
        services.settle_case(case_id=case.pk, note="again", now=NOW)
    with pytest.raises(UnknownCase):
        services.claim_case(case_id=case.pk, owner=engineer)


def test_a_closing_is_taken_back_unless_the_cause_was_met_again(site: Scope, engineer: User) -> None:
    case = _open(site)
    with pytest.raises(UnknownCase):
        queries.get_closed_case(user=engineer, public_id=case.public_id)
    with pytest.raises(UnknownCase, match="is open"):
        services.reopen_case(case_id=case.pk)
    services.settle_case(case_id=case.pk, note="The wrong one", now=NOW)
    services.reopen_case(case_id=queries.get_closed_case(user=engineer, public_id=case.public_id))
    assert queries.count_open_cases(user=engineer) == 1
    services.settle_case(case_id=case.pk, note="Now really", now=NOW)
    _open(site)
    with pytest.raises(UnknownCase, match="met again"):
        services.reopen_case(case_id=case.pk)


def test_progress_goes_forward_only(site: Scope, engineer: User) -> None:
    services.start_progress(scope=site, kind="history", total=45)
    services.advance_progress(scope=site, kind="history", done=10)
    services.advance_progress(scope=site, kind="history", done=7)
    (line,) = queries.list_progress(user=engineer)
    assert (line.kind, line.done, line.total) == ("history", 10, 45)
    services.finish_progress(scope=site, kind="history")
    assert queries.list_progress(user=engineer) == []
    assert Progress.objects.get().done == 45
    services.start_progress(scope=site, kind="history", total=3)
    assert queries.list_progress(user=engineer)[0].done == 0
