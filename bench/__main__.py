"""All figures, one after another, each in a process of its own: ``make bench``, or ``make bench ARGS="bus power"``."""

import subprocess
import sys

BENCHES = ("bus", "power", "ingest", "rooms", "accounts", "portal", "callbacks", "papers", "reports", "cold")


def main(wanted: list[str]) -> int:
    chosen = wanted or list(BENCHES)
    unknown = set(chosen) - set(BENCHES)
    if unknown:
        print(f"There is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}.")
        return 2
    missed = [
        name for name in chosen if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    ]
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} benches reached their gates"
        + (f"; missed: {', '.join(missed)}" * bool(missed))
    )
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
