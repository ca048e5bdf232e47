import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.config.environment import PREFIX, Environment, Process, environment
from prewatt.config.errors import WrongSetting
from prewatt.config.folder import default_data_folder

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    environment.cache_clear()
    for name in Environment.model_fields:
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "eight"),
        ("DATABASE_URL", "mysql://root:hunter2-hunter2@db/prewatt"),
        ("SECRET_KEY", "hunter2-hunter2"),
        ("LOG_LEVEL", "LOUD"),
        ("DATA", "here"),
        ("HTTPS", "perhaps"),
        ("CLOCK", "12"),
        ("SMTP_PORT", "0"),
        ("PUBLIC_URL", "power.example.org"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name_and_never_by_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(WrongSetting, match=rf"^{PREFIX}{name}: .+ It should be: .+\.$") as refused:
        environment()
    assert "hunter2" not in str(refused.value)


def test_all_wrong_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREWATT_PORT", "0")
    monkeypatch.setenv("PREWATT_SMTP_PORT", "0")
    with pytest.raises(WrongSetting) as refused:
        environment()
    assert len(str(refused.value).splitlines()) == 2


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREWATT_ALLOWED_HOSTS", "power.example.org, 192.0.2.7,")
    assert environment().allowed_hosts == ["power.example.org", "192.0.2.7"]


def test_the_public_address_is_said_or_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Environment().public_origin == "http://127.0.0.1:8000"
    assert Environment(trusted_origins=["https://a.example.org"]).public_origin == "https://a.example.org"
    monkeypatch.setenv("PREWATT_PUBLIC_URL", "https://power.example.org/")
    assert environment().public_origin == "https://power.example.org"


def test_the_address_becomes_djangos_description() -> None:
    described = Environment(database_url="postgresql://me:p%40ss@db.example.org:6432/power?sslmode=require").database()
    assert (described["NAME"], described["USER"], described["PASSWORD"]) == ("power", "me", "p@ss")
    assert (described["HOST"], described["PORT"]) == ("db.example.org", "6432")
    assert described["OPTIONS"]["sslmode"] == "require"
    assert "pool" not in described["OPTIONS"]


def test_a_socket_folder_may_be_named() -> None:
    described = Environment(database_url="postgresql://me:x@/power?host=%2Frun%2Fpw&port=5433").database()
    assert (described["HOST"], described["PORT"]) == ("/run/pw", "5433")


def test_only_the_web_has_a_pool_and_it_is_sized() -> None:
    described = Environment(process=Process.WEB).database()
    assert described["OPTIONS"]["pool"] == {"min_size": 2, "max_size": 16, "timeout": 2.0}
    assert described["CONN_MAX_AGE"] == 0
    assert "statement_timeout=15s" in described["OPTIONS"]["options"]


@given(st.sampled_from(Process))
def test_every_process_says_its_name_to_the_database(process: Process) -> None:
    assert Environment(process=process).database()["OPTIONS"]["application_name"] == f"prewatt {process.value}"


def test_secrets_do_not_show() -> None:
    env = Environment.model_validate({"secret_key": "s" * 40, "smtp_password": "hunter2"})
    assert "hunter2" not in repr(env)
    assert "ssss" not in repr(env)


def test_keys_lie_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    env = Environment(data=tmp_path)
    assert env.meter_key_file == tmp_path / "meter.key"
    assert Environment(data=tmp_path, key_file=Path("/k")).meter_key_file == Path("/k")
    assert env.secret_key_file == tmp_path / "secret.key"


def test_the_clock_is_real_time_unless_the_demo_says_otherwise() -> None:
    assert Environment().estate_clock().speed == 1
    clock = "12,2026-01-01T00:00:00+00:00,2027-01-01T00:00:00+00:00"
    assert Environment(clock=clock).estate_clock().speed == 12


@pytest.mark.parametrize("root", [True, False])
def test_each_checkout_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, root: bool) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    one = default_data_folder(package=Path("/home/a/prewatt/src/prewatt"))
    other = default_data_folder(package=Path("/home/b/prewatt/src/prewatt"))
    assert one != other
    assert one.parent == (Path("/var/lib/prewatt") if root else tmp_path / "prewatt")
    assert re.fullmatch(r"prewatt-[0-9a-f]{8}", one.name)


def test_without_an_xdg_folder_the_users_home_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_data_folder().is_relative_to(tmp_path / ".local" / "share" / "prewatt")
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_data_folder().is_relative_to(tmp_path / "Library" / "Application Support")


def test_the_operators_page_lists_every_setting_and_no_other() -> None:
    listed = set(re.findall(r"^\| `(PREWATT_[A-Z_]+)`", OPERATIONS.read_text(), re.MULTILINE))
    internal = {"PREWATT_CLOCK", "PREWATT_PROCESS"}
    assert listed == {f"{PREFIX}{name}".upper() for name in Environment.model_fields} - internal
