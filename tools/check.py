"""``make check``: everything that can be said of the code without running it, two steps at once, each with its time."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SIDE_BY_SIDE = 2
FIXED_ENVIRONMENT = {"PREWATT_DATA": "/nonexistent", "DJANGO_SETTINGS_MODULE": "prewatt.config.settings"}


def main() -> None:
    """This function will run every step and end with 1 when one failed."""
    templates = [str(one) for one in sorted((ROOT / "src").rglob("templates/**/*.html"))]
    django = [str(BIN / "python"), "-m", "django"]
    steps = {
        "types": [str(BIN / "mypy")],  # the longest first
        "format": [str(BIN / "ruff"), "format", "--check", "--quiet"],
        "lint": [str(BIN / "ruff"), "check", "--quiet"],
        "contracts": [str(BIN / "lint-imports")],
        "migrations": [*django, "makemigrations", "--check", "--dry-run"],
        "settings": [*django, "check", "--deploy", "--fail-level", "WARNING"],
        "templates: format": [str(BIN / "djade"), "--check", "--target-version", "5.2", *templates],
        "templates: rules": [str(BIN / "djlint"), "--quiet", "--lint", *templates],
    }
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        passed = dict(zip(steps, threads.map(passes, steps, steps.values()), strict=True))
    failed = [name for name, is_passed in passed.items() if not is_passed]
    if failed:
        sys.exit(f"check: {', '.join(failed)} failed")
    print("check: everything passed")


def passes(name: str, command: list[str]) -> bool:
    """This function will run one step and print what it says when it fails."""
    if name.startswith("templates") and not any(part.endswith(".html") for part in command):
        return True
    if shutil.which(command[0]) is None:
        print(f"  {name}: {command[0]} is not installed: run `make install-dev`")
        return False
    env = {**os.environ, **FIXED_ENVIRONMENT, "PYTHONPATH": str(ROOT / "src")}
    if name == "settings":
        env |= {"PREWATT_HTTPS": "true", "PREWATT_SECRET_KEY": "k3y-" * 4 + os.urandom(24).hex()}
    began_s = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    print(
        f"  {name}: {'passed' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - began_s:.1f} s)", flush=True
    )
    if done.returncode != 0:
        print((done.stdout + done.stderr).strip(), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
