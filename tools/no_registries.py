"""Refuses committed files that name the host of a package registry or of this workplace."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Put together here, so that this file does not name them itself.
HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry." + "npmjs",
    "npmjs" + ".org",
    "npmmirror",
    "tuna.tsinghua",
)
NAMED = re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE)


def main() -> None:
    """This function will look through all files that git knows and list the lines that name one."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if not file.is_file():
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if NAMED.search(line):
                found.append(f"{name}:{number}: names a registry's host")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
