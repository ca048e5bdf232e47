"""The wheel carries what is made, not written: bundle, catalogues, migrations, templates. Installing needs no Node."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(
    not (ROOT / "src/prewatt/static/dist/app.js").exists(), reason="the front end is not bundled: make front"
)
def test_the_wheel_holds_everything_that_runs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("prewatt-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "prewatt"
    wanted = [
        *package.rglob("*.py"),
        *package.rglob("templates/**/*.html"),
        *package.rglob("*.typ"),
        *(one for one in (package / "static" / "dist").iterdir() if not one.name.startswith(".")),
        *(one.with_suffix(".mo") for one in package.rglob("locale/*/LC_MESSAGES/*.po")),
    ]
    missing = {one.relative_to(ROOT / "src").as_posix() for one in wanted} - held
    assert not missing
    assert any(name.endswith("entry_points.txt") for name in held)
    assert not any("node_modules" in name for name in held)
