"""``python -m tests.e2e.small_up PORT``: the small estate under the real supervisor, until it is asked to stop."""

import sys
from datetime import timedelta

from tests.e2e.small_estate import DAYS, ESTATE_FILE, FACTS_FILE, SmallFacts

from prewatt.cli.clocks import own
from prewatt.cli.demo.files import free_port_block
from prewatt.cli.errors import UnableToStart
from prewatt.cli.launch import Launch, launching, say
from prewatt.cli.supervisor import Program
from prewatt.cli.up import ROLES, show_page
from prewatt.cli.web import next_free_port
from prewatt.kernel.clock import machine_now
from prewatt.kernel.period import local_date
from prewatt.simulator.estate import save

READY = "The small estate is ready"


def main() -> None:
    port = int(sys.argv[1])
    with launching(host="127.0.0.1", port=port) as launch:
        state = launch.folder.path / "state"
        launch.begin_database()
        launch.migrate()
        if not (state / "made").exists():
            make(launch, wanted_port=port + 1)
            (state / "made").touch()
        control = next_free_port("127.0.0.1", port + 50)
        told = ["--estate", str(state / ESTATE_FILE), "--state", str(state / "simulator")]
        launch.start_role("simulate", ["simulate", *told, "--control-port", str(control)])
        for role in ROLES:
            launch.start_role(role)
        if show_page(launch):
            say(f"{READY}: control port {control}, page {launch.origin}")
            launch.supervisor.run()


def make(launch: Launch, *, wanted_port: int) -> None:
    """Write down how the estate is made, then create it in a process that may use the database."""
    state, now = launch.folder.path / "state", machine_now()
    facts = SmallFacts(seed=7, first_day=now.date(), start_at=now)
    first_day = local_date(now, facts.zone) - timedelta(days=DAYS)
    ports = free_port_block(host="127.0.0.1", wanted=wanted_port, count=len(facts.plan().floors))
    facts = SmallFacts(seed=7, first_day=first_day, start_at=now, port_first=ports)
    save(facts.estate(facts.plan()), path=state / ESTATE_FILE)
    facts.save(state / FACTS_FILE)
    for name in (ESTATE_FILE, FACTS_FILE):
        own(state / name, like=state)
    command = [sys.executable, "-m", "tests.e2e.small_estate"]
    program = Program("create", command, launch.variables, account=launch.account, once=True)
    if launch.supervisor.run_once(program) != 0:
        raise UnableToStart(launch.supervisor.log_of("create").read_text())


if __name__ == "__main__":
    main()
