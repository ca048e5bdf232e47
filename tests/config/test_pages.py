import json
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from prewatt.config import headers, views


def test_health_touches_nothing(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_when_the_tables_are_those_of_this_version(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": []})


@pytest.mark.django_db
def test_not_ready_when_a_migration_is_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one"])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "prewatt migrate" in answer.json()["problems"][0]


def test_not_ready_when_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(views, "MigrationExecutor", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the database does not answer"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_writes_here(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_every_answer_carries_the_headers(client: Client) -> None:
    answer = client.get("/healthz")
    for name, value in headers.HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_the_headers_are_there_in_an_async_server_too(async_client: AsyncClient) -> None:
    answer = await async_client.get("/healthz")
    assert answer.headers["Content-Security-Policy"] == headers.CONTENT_SECURITY_POLICY


async def test_the_middleware_waits_for_an_async_view() -> None:
    async def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("x", headers={"Content-Security-Policy": "default-src 'none'"})

    answer = await headers.security_headers(view)(RequestFactory().get("/"))
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'", "what a view has set stays"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def raised(error: Exception, path: str = "/") -> HttpResponse:
    try:
        raise error
    except type(error):
        return views.server_error(RequestFactory().get(path))


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_lost_database_is_busy_and_says_when_to_come_back(error: Exception) -> None:
    answer = raised(error)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert b"gone" not in answer.content


def test_any_other_error_is_ours_and_shows_nothing_of_itself() -> None:
    answer = raised(ValueError("hunter2"))
    assert answer.status_code == 500
    assert b"hunter2" not in answer.content


def test_machines_get_problem_details() -> None:
    answer = raised(OperationalError("gone"), "/api/v1/accounts")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 503


@pytest.mark.parametrize(("view", "status"), [(views.bad_request, 400), (views.forbidden, 403), (views.not_found, 404)])
def test_refusals_are_pages_too(view: Any, status: int) -> None:
    answer = view(RequestFactory().get("/"), ValueError("hunter2"))
    assert answer.status_code == status
    assert b"hunter2" not in answer.content


def test_an_old_form_is_told_to_load_again() -> None:
    answer = views.csrf_failure(RequestFactory().post("/"))
    assert answer.status_code == 403
    assert b"Load it again" in answer.content


@pytest.mark.django_db
def test_an_unknown_page_is_not_found(client: Client) -> None:
    assert client.get("/there/is/nothing").status_code in {302, 404}


@pytest.mark.django_db
def test_a_form_without_a_token_is_refused() -> None:
    answer = Client(enforce_csrf_checks=True).post("/there/is/nothing")
    assert answer.status_code in {403, 404}
