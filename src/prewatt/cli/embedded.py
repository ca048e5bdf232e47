"""The database that a command works with: the one it is told of, the one that runs, or one started for its time."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prewatt.cli.account import identity_of, unprivileged_account
from prewatt.cli.folder import DataFolder
from prewatt.cli.postgres.binaries import find_binaries, reachable
from prewatt.cli.postgres.cluster import APP, OWNER, Cluster
from prewatt.config.environment import PREFIX, Environment, environment

READY_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """One database, as the role that runs and as the role that owns the tables."""

    app: str
    owner: str


def data_folder(env: Environment) -> DataFolder:
    """This function will return this installation's data folder; nothing is made yet."""
    return DataFolder(env.data_folder, unprivileged_account())


def cluster_of(env: Environment, folder: DataFolder) -> Cluster:
    """This function will return the embedded cluster of a prepared data folder; nothing is started yet."""
    binaries = reachable(find_binaries(env.postgres_bin), store=folder.path, account=folder.account)
    return Cluster(binaries, folder.postgres, folder.account)


def given_addresses(env: Environment) -> Addresses | None:
    """This function will return the addresses that the environment names, if it does."""
    if not env.database_url:
        return None
    return Addresses(env.database_url, env.owner_database_url or env.database_url)


def addresses_of(cluster: Cluster) -> Addresses:
    """This function will return the embedded database's addresses."""
    return Addresses(cluster.url(APP), cluster.url(OWNER))


@contextlib.contextmanager
def database(*, alone: bool = False) -> Iterator[Addresses]:
    """This function will give a command its database, and put the address where Django looks for it.

    Where Prewatt runs in the same data folder, its database is used; else it is started and stopped again after.
    ``alone`` refuses (DataFolderInUse) while Prewatt runs there, and keeps it from starting meanwhile.
    """
    env = environment()
    folder = data_folder(env)
    with contextlib.ExitStack() as stack:
        if alone:
            folder.prepare()
            stack.enter_context(folder.locked())
        addresses = given_addresses(env)
        if addresses is not None:
            yield addresses
            return
        folder.prepare()
        cluster = cluster_of(env, folder)
        if alone:
            stack.enter_context(_running(cluster))
        elif not (folder.is_locked() and cluster.postmaster_pid() is not None and cluster.is_ready()):
            stack.enter_context(folder.locked())
            stack.enter_context(_running(cluster))
        addresses = addresses_of(cluster)
        stack.enter_context(_named(addresses, env))
        yield addresses


@contextlib.contextmanager
def _running(cluster: Cluster) -> Iterator[None]:
    """This function will run the cluster for as long as the caller needs it."""
    cluster.stop()
    cluster.create()
    with cluster.log.open("ab") as log:
        process = subprocess.Popen(
            cluster.command(),
            cwd="/",
            env=cluster.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **identity_of(cluster.account),
        )
    try:
        cluster.wait_ready(process, timeout_s=READY_WITHIN_S)
        cluster.prepare()
        yield
    finally:
        cluster.stop_process(process)


@contextlib.contextmanager
def _named(addresses: Addresses, env: Environment) -> Iterator[None]:
    """This function will put the addresses where settings look for them, for as long as the database is there."""
    told = {"DATABASE_URL": addresses.app, "OWNER_DATABASE_URL": addresses.owner, "DATA": str(env.data_folder)}
    before = {name: os.environ.get(f"{PREFIX}{name}") for name in told}
    os.environ.update({f"{PREFIX}{name}": value for name, value in told.items()})
    environment.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(f"{PREFIX}{name}", None)
            else:
                os.environ[f"{PREFIX}{name}"] = value
        environment.cache_clear()
