import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.usecases_estate.sheets import estate_sheet
from tests.usecases_estate.test_estate_workbook import put, raw_sheets, write_raw

from prewatt.cli import estate as command
from prewatt.config.environment import environment
from prewatt.estate.models import Meter, MeterInstallation
from prewatt.reports.estate_workbook import write_estate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_tests_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(command, "database", contextlib.nullcontext)
    monkeypatch.setattr(command, "enter", lambda _process: None)
    monkeypatch.setenv("PREWATT_KEY_FILE", str(tmp_path / "meter.key"))
    environment.cache_clear()
    yield
    environment.cache_clear()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command.estate, [str(one) for one in arguments])


def test_a_template_is_written_and_not_over_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"
    assert run("template", file).exit_code == 0
    assert file.stat().st_size > 5_000
    again = run("template", file)
    assert (again.exit_code, "add --force" in again.output) == (1, True)
    assert run("template", file, "--force").exit_code == 0
    assert "no folder" in run("template", tmp_path / "absent" / "template.xlsx").output


def test_an_estate_goes_in_and_out_by_the_command(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(4))
    for line in range(3, 7):
        put(sheets, "Units & meters", line, "password", "02:987654")
    file = write_raw(tmp_path / "estate.xlsx", sheets)
    checked = run("import", file, "--check", "--untried")
    assert (checked.exit_code, checked.output, Meter.objects.count()) == (0, "No problem found.\n", 0)
    imported = run("import", file, "--untried")
    assert imported.exit_code == 0, imported.output
    assert "installations             4 new      0 changed      0 as before" in imported.output
    assert "987654" not in imported.output
    assert all(meter.password_sealed for meter in Meter.objects.all())
    assert (tmp_path / "meter.key").exists()

    exported = run("export", tmp_path / "export.xlsx", "--site", "YJ")
    assert exported.exit_code == 0, exported.output
    again = run("import", tmp_path / "export.xlsx")
    assert "installations             0 new      0 changed      4 as before" in again.output


def test_problems_are_printed_a_line_each_and_nothing_is_imported(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(4))
    put(sheets, "Units & meters", 4, "multiplier", "ten")
    put(sheets, "Units & meters", 5, "address", "202500000000")
    file = write_raw(tmp_path / "bad.xlsx", sheets)
    for arguments in (("import", file), ("import", file, "--check")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "Units & meters, row 4, Multiplier (CT × PT) 倍率: ten is not a figure." in result.output
        assert "Units & meters, row 5, Meter address 通信地址: Address 202500000000 is on this line" in result.output
        assert "2 problems; nothing was imported." in result.output
    assert MeterInstallation.objects.count() == 0


def test_a_site_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    write_estate(path=tmp_path / "estate.xlsx", sheet=estate_sheet(2))
    run("import", tmp_path / "estate.xlsx", "--untried")
    result = run("export", tmp_path / "export.xlsx", "--site", "XX")
    assert "There is no site XX. The sites are: YJ" in str(result.exception)
