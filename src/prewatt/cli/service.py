"""``prewatt service``: units for systemd, for all in one or for each role, that may do what they need and no more."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from prewatt.cli.errors import WrongUse

ROLES: Final = ("web", "collector", "worker")
LOW_PORT_MAX: Final = 1023
_UNIT: Final = """[Unit]
Description={description}
After=network-online.target{after}
Wants=network-online.target

[Service]
Type=exec
User={user}
Group={user}
Environment=PREWATT_DATA={data} PYTHONUNBUFFERED=1
EnvironmentFile=-{settings}
ExecStart={command}
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=45
UMask=0077
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths={data}
ProtectHome=read-only
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectControlGroups=true
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service runs: its account, its data folder, the file of its settings and the pages' port."""

    user: str
    data: Path
    settings: Path
    port: int


@click.command()
@click.option("--roles", is_flag=True, help="One unit for each role instead of one for `prewatt up`.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Write them here; else print them.")
@click.option("--user", default="prewatt", show_default=True, help="The account; make it before.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("/var/lib/prewatt"), show_default=True)
@click.option("--settings", type=click.Path(path_type=Path), default=Path("/etc/prewatt.env"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="As in PREWATT_PORT.")
def service(*, roles: bool, folder: Path | None, user: str, data: Path, settings: Path, port: int) -> None:
    """Write systemd units that run this Prewatt under an account of its own."""
    if not (data.is_absolute() and settings.is_absolute()):
        raise WrongUse("systemd wants absolute paths.", hint="Begin --data and --settings with a slash.")
    if any(letter.isspace() or letter in "%\"'\\" for path in (data, settings) for letter in str(path)):
        raise WrongUse("A path with spaces, quotes or % cannot be named in a unit.", hint="Choose another one.")
    units = make_units(place=Place(user, data, settings, port), roles=roles)
    if folder is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in units.items()), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in units.items():
        (folder / name).write_text(text)
        click.echo(str(folder / name))
    for line in verify(folder=folder, names=list(units)):
        click.echo(line, err=True)
    click.echo(f"Then: systemctl daemon-reload; systemctl enable --now {' '.join(units)}")


def make_units(*, place: Place, roles: bool) -> dict[str, str]:
    """This function will return the units by file name."""
    if not roles:
        return {"prewatt.service": _unit("Prewatt", place, "up", may_bind=True)}
    return {f"prewatt-{role}.service": _unit(f"Prewatt, {role}", place, role, may_bind=role == "web") for role in ROLES}


def verify(*, folder: Path, names: list[str]) -> list[str]:
    """This function will return what systemd finds wrong with the units; nothing where it is not installed."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return []
    done = subprocess.run(
        [program, "verify", "--man=no", *(str(folder / name) for name in names)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return [line for line in done.stderr.splitlines() if any(name in line for name in names)]


def _unit(description: str, place: Place, command: str, *, may_bind: bool) -> str:
    needs_port = may_bind and place.port <= LOW_PORT_MAX
    return _UNIT.format(
        description=description, after=" postgresql.service" if command != "up" else "", user=place.user,
        data=place.data, settings=place.settings, command=f"{sys.executable} -m prewatt.cli.main {command}",
        capabilities="CAP_NET_BIND_SERVICE" if needs_port else "",
    )  # fmt: skip
