"""Run by the supervisor's tests as a process of its own: a database and two roles, one of which will not stop."""

import sys
from pathlib import Path

from prewatt.cli.account import unprivileged_account
from prewatt.cli.postgres.binaries import find_binaries, reachable
from prewatt.cli.postgres.cluster import Cluster
from prewatt.cli.supervisor import Kind, Program, Supervisor

WILLING = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    folder = Path(sys.argv[1])
    with_database = "database" in sys.argv[2:]
    stubborn = "stubborn" in sys.argv[2:]
    supervisor = Supervisor(folder, None, announce=tell)
    with supervisor.taking_signals():
        if with_database:
            account = unprivileged_account()
            cluster = Cluster(
                reachable(find_binaries(), store=folder, account=account), folder / "postgres", account, durable=False
            )
            cluster.create()
            supervisor.start(
                Program("postgres", cluster.command(), cluster.environment(), account=account, kind=Kind.DATABASE)
            )
            process = supervisor.process_of("postgres")
            assert process is not None
            cluster.wait_ready(process, timeout_s=30)
        supervisor.start(Program("willing", [sys.executable, "-c", WILLING], {}))
        if stubborn:
            supervisor.start(Program("stubborn", [sys.executable, "-c", STUBBORN], {}, stop_within_s=0.5))
        tell("ready")
        supervisor.run()


if __name__ == "__main__":
    main()
