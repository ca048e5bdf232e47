"""Units for systemd, and the certificate that the web role is served under."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.usecases_online.test_public_address import certificate

from prewatt.cli.errors import UnableToStart, WrongUse
from prewatt.cli.service import Place, make_units, service, verify
from prewatt.cli.tls import Certificate, find_certificate
from prewatt.config.environment import Environment

PLACE = Place("prewatt", Path("/var/lib/prewatt"), Path("/etc/prewatt.env"), 443)


@pytest.mark.parametrize("roles", [False, True])
def test_units_are_whole_and_hardened(tmp_path: Path, *, roles: bool) -> None:
    place = Place("root", tmp_path, tmp_path / "settings", 443)  # an account and folders that are there
    units = make_units(place=place, roles=roles)
    assert len(units) == (3 if roles else 1)
    for name, text in units.items():
        (tmp_path / name).write_text(text)
        for line in ("NoNewPrivileges=true", "ProtectSystem=strict", f"ReadWritePaths={tmp_path}", "Restart=always"):
            assert line in text.splitlines()
        serves = not roles or "web" in name
        assert ("CapabilityBoundingSet=CAP_NET_BIND_SERVICE" in text) == serves
    assert verify(folder=tmp_path, names=list(units)) == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_a_wrong_unit_is_found(tmp_path: Path) -> None:
    text = make_units(place=PLACE, roles=False)["prewatt.service"].replace("ExecStart=/", "ExecStart=/nowhere/")
    (tmp_path / "prewatt.service").write_text(text)
    assert verify(folder=tmp_path, names=["prewatt.service"])


def test_they_are_printed_or_written(tmp_path: Path) -> None:
    printed = CliRunner().invoke(service, [])
    assert printed.output.startswith("# prewatt.service\n[Unit]")
    written = CliRunner().invoke(service, ["--roles", "--folder", str(tmp_path), "--user", "root", "--data", "/tmp"])
    assert written.exit_code == 0
    assert min(one.name for one in tmp_path.iterdir()) == "prewatt-collector.service"
    for wrong in ("here", "/var/lib/a b"):
        with pytest.raises(WrongUse):
            CliRunner().invoke(service, ["--data", wrong], catch_exceptions=False)


def test_a_pair_that_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, name="one.example.org")
    other_cert, _ = certificate(tmp_path, name="two.example.org")
    assert find_certificate(Environment()) is None
    assert find_certificate(Environment(tls_cert=cert, tls_key=key)) == Certificate(cert, key)
    for wrong in (
        Environment(tls_cert=cert), Environment(tls_cert=other_cert, tls_key=key),
        Environment(tls_cert=tmp_path / "none", tls_key=key),
    ):  # fmt: skip
        with pytest.raises(UnableToStart):
            find_certificate(wrong)


def test_a_renewal_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, name="one.example.org")
    (tmp_path / "new").mkdir()
    new_cert, new_key = certificate(tmp_path / "new", name="one.example.org")

    async def renew() -> None:
        waiting = asyncio.ensure_future(Certificate(cert, key).wait_for_renewal(every_s=0))
        for _ in range(3):
            await asyncio.sleep(0)
        shutil.copyfile(new_cert, cert)
        os.utime(cert, ns=(1, 1))  # the clock of the files may stand still in between
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()  # the key does not fit yet
        shutil.copyfile(new_key, key)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(renew())


def test_own_tls_is_told_from_a_proxys(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, name="one.example.org")
    own = Environment(tls_cert=cert, tls_key=key)
    assert (own.speaks_tls, own.https, own.public_origin) == (True, False, "https://127.0.0.1:8000")
    assert Environment(https=True).speaks_tls
    assert not Environment().speaks_tls
