import os
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from prewatt.cli import main as entry
from prewatt.cli import web
from prewatt.cli.errors import PortInUse
from prewatt.cli.up import choose_port
from prewatt.kernel.errors import Refused


def test_help_lists_every_command_without_loading_any() -> None:
    script = """
import sys
from prewatt.cli.main import cli
cli(["--help"], standalone_mode=False)
print("django" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for name, command in entry.COMMANDS.items():
        assert (name in done.stdout) == bool(command.summary)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("name", list(entry.COMMANDS))
def test_every_command_can_be_loaded_and_explains_itself(name: str) -> None:
    group = entry.cli
    command = group.get_command(click.Context(group), name)
    assert isinstance(command, click.Command)
    assert command.help


def test_an_unknown_command_is_refused() -> None:
    done = CliRunner().invoke(entry.cli, ["bogus"])
    assert done.exit_code == 2
    assert "No such command 'bogus'" in done.output


def test_what_could_not_be_done_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise Refused("The tariff has a hole.", hint="Fill it.")

    monkeypatch.setattr(entry, "cli", refuse)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "prewatt: The tariff has a hole.\nFill it.\n"


def test_a_port_that_is_taken_is_named_by_web_and_passed_by_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not web.is_free("127.0.0.1", port)
        held = choose_port("127.0.0.1", port)
        assert held.first > port
        held.close()
        done = subprocess.run(
            [sys.executable, "-m", "prewatt.cli.main", "web", "--port", str(port)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program." in done.stderr
    assert "--port" in done.stderr


def test_up_says_which_port_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        chosen = choose_port("127.0.0.1", port)
    assert f"Port {port} is taken by another program; using {chosen.first}." in capsys.readouterr().out
    another = choose_port("127.0.0.1", chosen.first)
    assert another.first > chosen.first, "two that start at once must not choose the same"
    for held in (chosen, another):
        held.close()
    assert web.is_free("127.0.0.1", chosen.first)


def test_when_no_port_is_free_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 65_535)), pytest.raises(PortInUse, match="--port"):
        choose_port("127.0.0.1", 65_535)
    monkeypatch.setattr(web, "is_free", lambda *_: False)
    with pytest.raises(PortInUse, match="--port"):
        web.next_free_port("127.0.0.1", 8000)
