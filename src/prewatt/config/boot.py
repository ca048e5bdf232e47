"""How a process begins: its name, its clock, its log, then Django."""

import os

import django

from prewatt.config import logs
from prewatt.config.environment import PREFIX, Process, environment
from prewatt.kernel import clock


def boot(process: Process) -> None:
    """This function will make this process the one that it says it is; call it once, before any model is imported."""
    os.environ[f"{PREFIX}PROCESS"] = process
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.config.settings")
    environment.cache_clear()
    env = environment()
    clock.install(env.estate_clock())
    logs.configure(level=env.log_level, process=process)
    django.setup()
