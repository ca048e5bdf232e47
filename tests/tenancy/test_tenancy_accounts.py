import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases_estate.sheets import OPENED_AT, estate_sheet

from prewatt.access.audit import Actor
from prewatt.access.models import Scope, User
from prewatt.access.services import create_login, ensure_roles, grant
from prewatt.estate.models import MeteringPoint, Site
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import estate_now
from prewatt.ledger.queries import find_book
from prewatt.ledger.services import ensure_book
from prewatt.tenancy.errors import FixedTenancy, PointTaken, UnknownAccount
from prewatt.tenancy.models import Account, Customer, Tenancy
from prewatt.tenancy.queries import account_facts, find_accounts, get_account, list_accounts
from prewatt.tenancy.services import begin_tenancies, keep_accounts, keep_customers
from prewatt.tenancy.values import AccountSpec, CustomerSpec, TenancySpec
from prewatt.usecases.import_estate import import_estate
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
CLI = Actor(process="cli")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    sheet = estate_sheet(6)
    names = ("拾光眼镜", "阿婆面馆", "Starlight Books", "王牌茶行", "清风书屋", "永嘉物业")
    customers = tuple(
        dataclasses.replace(row, name=name) for row, name in zip(sheet.customers, names, strict=True)
    )  # fmt: skip
    safe = MeterSafe.open(tmp_path / "meter.key", create=True)
    result = import_estate(actor=CLI, sheet=dataclasses.replace(sheet, customers=customers), safe=safe)
    return Site.objects.get(pk=result.site_id)


@pytest.fixture
def cashier(site: Site) -> User:
    return login(site.scope)


def login(scope: Scope, name: str = "cashier") -> User:
    with unit_of_work(actor=CLI, verb="test"):
        ensure_roles()
        user = create_login(username=name, password="a long password", name=name)
        grant(user=user, role_code="cashier", scope=scope)
    return user


SAID = (
    ("sgyj", "100000"), ("shiguang", "100000"), ("拾光", "100000"), ("apo", "100001"), ("STARLIGHT", "100002"),
    ("star books", "100002"), ("1#-104", "100003"), ("100004", "100004"), ("202500000004", "100004"),
    ("13800000003", "100003"), ("书屋 105", "100004"),
)  # fmt: skip


def test_the_desk_finds_an_account_by_whatever_the_tenant_says(cashier: User) -> None:
    for text, number in SAID:
        assert next(iter(find_accounts(user=cashier, text=text))).number == number


def test_every_word_must_be_met_and_nothing_typed_finds_nothing(cashier: User) -> None:
    assert find_accounts(user=cashier, text="sgyj 104") == []
    assert find_accounts(user=cashier, text="  ") == []
    assert find_accounts(user=cashier, text="100%") == []


def test_an_exact_room_or_number_comes_first_and_the_list_is_short(cashier: User) -> None:
    Account.objects.filter(number="100000").update(search_text="100000 reads 1#-103 somewhere")
    found = find_accounts(user=cashier, text="1#-103")
    assert [one.number for one in found] == ["100002", "100000"]
    assert len(find_accounts(user=cashier, text="1000", limit=2)) == 2


def test_closed_accounts_are_not_found(cashier: User) -> None:
    Account.objects.filter(number="100000").update(state="closed")
    assert find_accounts(user=cashier, text="sgyj") == []


def test_an_account_shows_its_three_numbers(cashier: User) -> None:
    Account.objects.filter(number="100001").update(accrued=1, allowed_credit=500)
    public_id = Account.objects.get(number="100001").public_id
    facts = get_account(user=cashier, public_id=public_id)
    assert [facts.ledger_balance.minor, facts.balance.minor, facts.available.minor] == [10_001, 10_000, 10_500]
    assert (facts.rooms, facts.customer_name) == ("1#-102", "阿婆面馆")


def test_who_has_no_business_here_sees_no_account(site: Site) -> None:
    stranger = login(Scope.objects.create(kind="organisation", path="/999999/", name="Elsewhere"), "stranger")
    with pytest.raises(UnknownAccount):
        get_account(user=stranger, public_id=Account.objects.get(number="100001").public_id)
    assert find_accounts(user=stranger, text="1000") == []
    assert list_accounts(user=stranger).accounts == ()


def test_a_login_of_a_building_sees_the_accounts_with_a_room_in_it(site: Site) -> None:
    porter = login(Scope.objects.get(kind="building"), "porter")
    assert len(list_accounts(user=porter).accounts) == 6
    Tenancy.objects.filter(account__number="100000").update(period=(OPENED_AT, estate_now()))
    assert {one.number for one in list_accounts(user=porter).accounts} == {
        f"{100_000 + index}" for index in range(1, 6)
    }


def test_a_list_of_accounts_needs_few_queries(cashier: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = list_accounts(user=cashier)
    assert (len(page.accounts), len(queries)) == (6, 7)


def test_an_account_keeps_its_customer_and_how_it_pays(site: Site) -> None:
    customers = {one.code: one for one in Customer.objects.all()}
    book = find_book(code=site.code)
    assert book is not None
    for changed in (AccountSpec("100000", "C0001"), AccountSpec("100000", "C0000", "own_use")):
        with pytest.raises(FixedTenancy), unit_of_work(actor=CLI, verb="test"):
            keep_accounts(site=site, book_id=book, accounts=[changed], customers=customers)


def test_one_point_has_one_payer(site: Site) -> None:
    accounts = {one.number: one for one in Account.objects.all()}
    points = {one.code: one for one in MeteringPoint.objects.all()}

    def begin(account: str, point: str, **changes: object) -> None:
        spec = TenancySpec(account, point, OPENED_AT)
        with unit_of_work(actor=CLI, verb="test"):
            begin_tenancies(
                site=site, tenancies=[dataclasses.replace(spec, **changes)], points=points, accounts=accounts  # type: ignore[arg-type]
            )  # fmt: skip

    with pytest.raises(PointTaken, match="belongs to account 100000"):
        begin("100001", "1#-101")
    with pytest.raises(FixedTenancy, match="began"):
        begin("100000", "1#-101", from_at=OPENED_AT + timedelta(hours=1))
    Tenancy.objects.filter(metering_point__code="1#-101").update(period=(OPENED_AT, OPENED_AT + timedelta(days=1)))
    with pytest.raises(PointTaken, match="had another account"):
        begin("100001", "1#-101")
    begin("100001", "1#-101", from_at=OPENED_AT + timedelta(days=1))
    assert "1#-101" in Account.objects.get(number="100001").search_text


def test_a_renamed_customer_is_found_by_the_new_name_after_the_account_is_kept(site: Site, cashier: User) -> None:
    organisation = site.scope.parent
    assert organisation is not None
    with unit_of_work(actor=CLI, verb="test"):
        customers, tally = keep_customers(organisation=organisation, customers=[CustomerSpec("C0000", "蓝鲸玩具")])
        keep_accounts(
            site=site, book_id=ensure_book(code=site.code, issuer="x"), accounts=[AccountSpec("100000", "C0000")],
            customers=customers,
        )  # fmt: skip
    assert tally.updated == 1
    assert [one.number for one in find_accounts(user=cashier, text="ljwj")] == ["100000"]


def test_facts_come_in_the_order_that_was_asked(site: Site) -> None:
    pks = list(Account.objects.order_by("-pk").values_list("pk", flat=True))
    assert [one.id for one in account_facts(account_ids=pks)] == pks
