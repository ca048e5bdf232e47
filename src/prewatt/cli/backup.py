"""``prewatt backup`` and ``prewatt restore``: a folder that holds the database, and the keys when asked for."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import click
import psycopg
from psycopg import sql

from prewatt.cli.account import hand_over
from prewatt.cli.embedded import Addresses, cluster_of, data_folder, database
from prewatt.cli.errors import UnableToStart, WrongUse
from prewatt.cli.postgres.binaries import find_binaries
from prewatt.cli.postgres.cluster import SUPERUSER, create_extensions
from prewatt.config.environment import Environment, environment
from prewatt.kernel.clock import machine_now

FORMAT: Final = 1
DUMP: Final = "database.dump"
ABOUT: Final = "about.json"
METER_KEY: Final = "meter.key"
SECRET_KEY: Final = "secret.key"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself. ``key_name`` tells keys apart and says nothing of the key."""

    made_at: str
    prewatt: str
    postgresql: str
    holds_keys: bool
    key_name: str

    def write(self, folder: Path) -> None:
        """This method will write it beside the dump."""
        words = {"format": FORMAT, **{name: getattr(self, name) for name in self.__slots__}}
        (folder / ABOUT).write_text(json.dumps(words, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "About":
        """This method will read what ``write`` wrote; a folder that is no backup is refused."""
        try:
            words: dict[str, Any] = json.loads((folder / ABOUT).read_text())
            if words.pop("format") != FORMAT:
                raise WrongUse("This backup was made by a newer Prewatt.", hint="Restore it with that version.")
            return cls(**words)
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, KeyError, TypeError):
            raise WrongUse(f"{folder} is no backup of Prewatt's.", hint=f"It should hold {ABOUT} and {DUMP}.") from None


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--with-keys", is_flag=True, help="Put the keys in too: then guard the backup like the keys themselves.")
def backup(folder: Path | None, *, with_keys: bool) -> None:
    """Write the whole database, as it is at this moment, into a new FOLDER. Nothing has to stop for it."""
    env = environment()
    target = (folder or Path(f"prewatt-backup-{machine_now():%Y%m%d-%H%M%S}")).absolute()
    if target.exists():
        raise WrongUse(f"{target} is there already.", hint="Name a new folder: a backup is never written over.")
    with database() as addresses:
        about = write_backup(addresses, env, target, with_keys=with_keys)
    size_mb = (target / DUMP).stat().st_size / 1024**2
    click.echo(f"{target}: {size_mb:.1f} MB, PostgreSQL {about.postgresql}")
    if about.holds_keys:
        click.echo("It holds the keys: whoever has it can open the meters' passwords.")
    elif about.key_name:
        click.echo(
            f"It does NOT hold the key of the meters' passwords ({env.meter_key_file}). Keep a copy of that file "
            "elsewhere: without it, every meter's password must be typed in again."
        )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The meters' key.")
@click.option("--without-key", is_flag=True, help="Go on although meter passwords cannot be opened.")
@click.confirmation_option(prompt="The present database is set aside and the backup takes its place. Go on?")
def restore(folder: Path, *, key_file: Path | None, without_key: bool) -> None:
    """Put the backup in FOLDER in the place of the present database, which is kept under another name."""
    about = About.read(folder)
    env = environment()
    place = data_folder(env)
    place.prepare()
    if place.is_locked():
        raise WrongUse("Prewatt is running in this data folder.", hint="Stop it first.")
    key = _key_for(about, folder, env, key_file=key_file, without_key=without_key)
    with database() as addresses:
        kept = replace_database(addresses, env, folder / DUMP)
        from prewatt.cli.migrate import run_migrations

        run_migrations(addresses)
    _keep_key(key, env)
    click.echo(f"Restored the state of {about.made_at}.{f' The database before it is kept as {kept}.' if kept else ''}")
    click.echo("What happened after that moment is not in it: compare takings and relays before you go on.")


def write_backup(addresses: Addresses, env: Environment, target: Path, *, with_keys: bool = False) -> About:
    """This function will write the database into a new folder, which gets its name when it is whole."""
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True, mode=0o700)
    try:
        about = _dump(addresses, env, half, with_keys=with_keys)
        about.write(half)
        half.rename(target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return about


def _dump(addresses: Addresses, env: Environment, folder: Path, *, with_keys: bool) -> About:
    """This function will write the dump, and the keys when they are wanted."""
    with psycopg.connect(addresses.owner) as connection:
        server = connection.info.parameter_status("server_version") or ""
    _run_tool(env, "pg_dump", addresses.owner, ["--format=custom", f"--file={folder / DUMP}"])
    (folder / DUMP).chmod(0o600)
    name = key_name(env.meter_key_file)
    if with_keys:
        for source, target in ((env.meter_key_file, METER_KEY), (env.secret_key_file, SECRET_KEY)):
            if source.exists():
                shutil.copyfile(source, folder / target)
                (folder / target).chmod(0o600)
    made_at = machine_now().isoformat(timespec="seconds")
    return About(made_at, version("prewatt"), server, with_keys and bool(name), name)


def _key_for(about: About, folder: Path, env: Environment, *, key_file: Path | None, without_key: bool) -> Path | None:
    """This function will find the key that opens the backup's meter passwords, or ask for it."""
    if not about.key_name:
        return None
    candidates = [one for one in (key_file, folder / METER_KEY, env.meter_key_file) if one is not None]
    found = next((one for one in candidates if one.exists() and key_name(one) == about.key_name), None)
    if found is not None or without_key:
        return found
    raise WrongUse(
        "The key that opens this backup's meter passwords is not in it, and not on this machine.",
        hint="Name its file with --key-file, or go on with --without-key and type the passwords in again.",
    )


def _keep_key(key: Path | None, env: Environment) -> None:
    """This function will put the key in its place; one of another name that is there already is set aside."""
    target = env.meter_key_file
    if key is None or key == target:
        return
    if target.exists():
        target.rename(target.with_name(f"{target.name}.before-{machine_now():%Y%m%d-%H%M%S}"))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(key, target)
    hand_over(target, account=data_folder(env).account, mode=0o600)


def key_name(path: Path) -> str:
    """This function will return what tells this key from others, or nothing where there is no key."""
    from prewatt.estate.errors import KeyMissing
    from prewatt.estate.secrets import MeterSafe

    try:
        return MeterSafe.open(path).name.hex()
    except KeyMissing:
        return ""


def replace_database(addresses: Addresses, env: Environment, dump: Path) -> str:
    """This function will fill a new database and give it the old one's name; it returns the old one's new name.

    A server that is not ours must offer an empty database: we do not make or rename databases on it.
    """
    if env.database_url:
        _refuse_full(addresses.owner)
        restore_into(addresses.owner, env, dump)
        return ""
    name = urlsplit(addresses.owner).path.lstrip("/")
    mark = f"{machine_now():%Y%m%d_%H%M%S}"
    fresh, kept = f"{name}_restored_{mark}", f"{name}_before_{mark}"
    superuser = cluster_of(env, data_folder(env)).url(SUPERUSER, database="postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        owner = urlsplit(addresses.owner).username or ""
        connection.execute(
            sql.SQL("create database {} owner {} template template0").format(
                sql.Identifier(fresh), sql.Identifier(owner)
            )
        )
        with psycopg.connect(_other_database(superuser, fresh), autocommit=True) as inside:
            create_extensions(inside)
        try:
            restore_into(_other_database(addresses.owner, fresh), env, dump)
        except UnableToStart:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(fresh)))
            raise
        with connection.transaction():  # a kill between the two would leave no database of that name
            for old, new in ((name, kept), (fresh, name)):
                connection.execute(
                    sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
                )
    return kept


def restore_into(url: str, env: Environment, dump: Path) -> None:
    """This function will fill an empty database from a dump, wholly or not at all."""
    flags = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-comments"]
    _run_tool(env, "pg_restore", url, [*flags, "--dbname", _without_password(url), str(dump)], names_database=False)


def _run_tool(env: Environment, program: str, url: str, arguments: list[str], *, names_database: bool = True) -> None:
    """This function will run one of PostgreSQL's programs; the password goes by the environment, not the command."""
    binaries = find_binaries(env.postgres_bin)
    password = psycopg.conninfo.conninfo_to_dict(url).get("password") or ""
    whole = [binaries.program(program), *arguments, *([f"--dbname={_without_password(url)}"] if names_database else [])]
    done = subprocess.run(
        whole, check=False, capture_output=True, text=True, env={**os.environ, "PGPASSWORD": str(password)}
    )
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()
        raise UnableToStart(
            f"{program} failed: {words[-1] if words else 'it said nothing'}", hint="Nothing was changed."
        )


def _refuse_full(url: str) -> None:
    with psycopg.connect(url) as connection:
        held = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    if held is None or held[0]:
        raise WrongUse(
            "The database that PREWATT_DATABASE_URL names is not empty.",
            hint="Make an empty one on that server, name it in PREWATT_DATABASE_URL, and restore into it.",
        )


def _other_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _without_password(url: str) -> str:
    words: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(url), "password": None}
    return psycopg.conninfo.make_conninfo(**words)
