import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from prewatt.cli import doctor, entering
from prewatt.cli.doctor import Finding, Verdict
from prewatt.cli.embedded import Addresses
from prewatt.cli.entering import enter
from prewatt.cli.errors import UnableToStart
from prewatt.cli.folder import DataFolder
from prewatt.config.environment import Environment, Process, environment
from prewatt.kernel.clock import machine_now


def told(findings: Iterator[Finding]) -> dict[str, Verdict]:
    return {finding.text: finding.verdict for finding in findings}


def text(findings: Iterator[Finding], verdict: Verdict) -> str:
    return " ".join(f"{one.text} → {one.mend}" for one in findings if one.verdict is verdict)


def test_unknown_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREWATT_PROT", "8000")
    warned = text(doctor.examine_configuration(Environment(smtp_host="mail")), Verdict.WARNING)
    assert warned.startswith("PREWATT_PROT is not a setting.")


def test_settings_that_do_not_go_together_are_told() -> None:
    env = Environment(host="0.0.0.0", allow_unsafe_database=True)
    warned = text(doctor.examine_configuration(env), Verdict.WARNING)
    for word in ("without TLS", "Unsafe databases", "No mail"):
        assert word in warned


def test_a_sound_configuration_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("PREWATT_")]:
        monkeypatch.delenv(name)
    findings = list(doctor.examine_configuration(Environment(smtp_host="mail")))
    assert [one.verdict for one in findings] == [Verdict.GOOD]


def test_keys_that_others_can_read_and_a_full_disk_are_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataFolder(tmp_path / "data", None)
    folder.prepare()
    assert Verdict.FAILURE not in told(doctor.examine_folder(folder)).values()
    (folder.path / "meter.key").write_text("key")
    (folder.path / "meter.key").chmod(0o644)
    monkeypatch.setattr(doctor, "DISK_FREE_MIN", 1 << 60)
    failed = text(doctor.examine_folder(folder), Verdict.FAILURE)
    assert "chmod 600" in failed
    assert "GB free" in failed


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "cannot be used" in text(doctor.examine_folder(DataFolder(tmp_path / "data", None)), Verdict.FAILURE)


def test_the_databases_faults_and_its_single_role_are_told(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        findings = list(doctor.examine_database(connection, Addresses(postgres_url, postgres_url)))
    assert "fsync is off" in text(iter(findings), Verdict.FAILURE)
    assert "PREWATT_OWNER_DATABASE_URL" in text(iter(findings), Verdict.WARNING)


def test_clocks_that_differ_are_a_failure(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert set(told(doctor.examine_clock(connection)).values()) == {Verdict.GOOD}
        monkeypatch.setattr(doctor, "machine_now", lambda: machine_now() + timedelta(minutes=5))
        assert "time servers" in text(doctor.examine_clock(connection), Verdict.FAILURE)


def test_gateways_that_do_not_answer_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as open_port, socket.create_server(("127.0.0.1", 0)) as other:
        open_at, closed_at = open_port.getsockname()[1], other.getsockname()[1]
        other.close()
        found = doctor.knock([("GW-1", "127.0.0.1", open_at), ("GW-2", "127.0.0.1", closed_at)])
        assert found.verdict is Verdict.FAILURE
        assert "1 of 2" in found.text
        assert "GW-2" in found.text
        assert doctor.knock([("GW-1", "127.0.0.1", open_at)]).verdict is Verdict.GOOD
    assert doctor.knock([]).text == "There are none yet."


def test_a_command_tells_at_once_that_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREWATT_DATABASE_URL", "postgresql://me:hunter2@/power?host=/nowhere")
    environment.cache_clear()
    try:
        with pytest.raises(UnableToStart, match="does not answer") as refused:
            enter(Process.COMMAND)
        assert "hunter2" not in str(refused.value)
    finally:
        environment.cache_clear()


def test_a_role_waits_for_a_database_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def connect(url: str, **_options: object) -> object:
        tries.append(url)
        if len(tries) < 3:
            raise psycopg.OperationalError("the database system is starting up")
        return "connected"

    monkeypatch.setattr("psycopg.connect", connect)
    monkeypatch.setattr("prewatt.cli.entering._TRY_EVERY_S", 0.0)
    assert str(entering._connected("postgresql://", wait_s=5.0)) == "connected"
    assert len(tries) == 3
