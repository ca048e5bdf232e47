import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from prewatt.config import logs
from prewatt.config.environment import LogLevel, Process


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(level=LogLevel.INFO, process=Process.WORKER)
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_object_a_line_with_process_and_machine_time(written: io.StringIO) -> None:
    structlog.get_logger("prewatt.supply").info("relay proven", metering_point="1#-0803", state="off")
    (line,) = lines(written)
    assert line["event"] == "relay proven"
    assert (line["process"], line["level"], line["metering_point"]) == ("worker", "info", "1#-0803")
    assert str(line["at"]).endswith("+00:00")


def test_other_peoples_logs_take_the_same_door(written: io.StringIO) -> None:
    logging.getLogger("django.request").warning("Not Found: %s", "/nowhere")
    (line,) = lines(written)
    assert (line["event"], line["logger"]) == ("Not Found: /nowhere", "django.request")


def test_the_link_of_an_invitation_is_not_written(written: io.StringIO) -> None:
    logging.getLogger("django.security.csrf").warning("Forbidden (%s): %s", "no token", "/my/invitation/7ms8X-EiC_Yy")
    (line,) = lines(written)
    assert line["event"] == f"Forbidden (no token): /my/invitation/{logs.HIDDEN}"


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    structlog.get_logger().debug("chatter")
    assert lines(written) == []


def test_errors_carry_their_trace(written: io.StringIO) -> None:
    try:
        int("odd")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(written)
    assert "ValueError: invalid literal" in str(line["exception"])


@pytest.mark.parametrize("name", ["password", "meter_password", "api_token", "SECRET_KEY", "Authorization", "cookie"])
def test_what_is_named_like_a_secret_is_blanked(name: str) -> None:
    assert logs.hide_secrets(None, "info", {name: "hunter2"}) == {name: logs.HIDDEN}


def test_secrets_within_are_blanked() -> None:
    event = {"env": {"DATABASE_PASSWORD": "hunter2", "port": 1}, "event": "at postgresql://me:hunter2@/power", "n": 3}
    assert logs.hide_secrets(None, "info", event) == {
        "env": {"DATABASE_PASSWORD": logs.HIDDEN, "port": 1},
        "event": f"at postgresql://me:{logs.HIDDEN}@/power",
        "n": 3,
    }
