from datetime import timedelta

import pytest

from prewatt.access import services
from prewatt.access.audit import Actor
from prewatt.access.errors import KeyReused
from prewatt.access.idempotency import KeptAnswer, find_kept_answer, forget_answers, keep_answer
from prewatt.kernel.clock import machine_now
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db


def test_the_same_key_gets_the_same_answer() -> None:
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        user = services.create_login(username="erp", password="", is_machine=True)
        other = services.create_login(username="crm", password="", is_machine=True)
        assert find_kept_answer(user=user, key="k", body_hash="h") is None
        keep_answer(user=user, key="k", body_hash="h", status=201, answer={"a": 1})
    with unit_of_work(actor=Actor(process="test"), verb="test"):
        assert find_kept_answer(user=user, key="k", body_hash="h") == KeptAnswer(201, {"a": 1})
        assert find_kept_answer(user=other, key="k", body_hash="h") is None
        with pytest.raises(KeyReused):
            find_kept_answer(user=user, key="k", body_hash="other")
        assert forget_answers(before=machine_now() - timedelta(hours=1)) == 0
        assert forget_answers(before=machine_now() + timedelta(hours=1)) == 1
        assert find_kept_answer(user=user, key="k", body_hash="other") is None
