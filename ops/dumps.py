"""PostgreSQL's own programs for a dump, out of the wheel that brings the server."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ops.embedded import postgres_program
from ops.trouble import Trouble

__all__ = ["Part", "at_database", "dump", "load"]

_SCHEMAS = ("xsight", "control", "private")
_AT_ONCE = "2"
Part = str  # pre-data, data, post-data


def at_database(admin_dsn: str, name: str) -> str:
    """The same server and log-in, another database."""
    return urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{quote(name)}"))


def dump(admin_dsn: str, folder: Path, *, snapshot: str, without: Sequence[str]) -> None:
    """The three schemas as a folder of compressed tables, as they were at the snapshot."""
    schemas = [f"--schema={name}" for name in _SCHEMAS]
    left_out = [f"--exclude-table-data={name}" for name in without]
    _call(
        "pg_dump",
        admin_dsn,
        *("--format=directory", f"--file={folder}", f"--jobs={_AT_ONCE}", "--compress=gzip:1"),
        f"--snapshot={snapshot}",
        *schemas,
        *left_out,
    )


def load(admin_dsn: str, folder: Path, part: Part) -> None:
    """One part of a dump; it ends at the first trouble."""
    several = [] if part == "pre-data" else [f"--jobs={_AT_ONCE}"]
    options = ("--exit-on-error", f"--section={part}", *several)
    _call("pg_restore", admin_dsn, *options, str(folder))


def _call(program: str, admin_dsn: str, *arguments: str) -> None:
    """The password goes by the environment: a command line is everybody's to read."""
    told = {name: str(value) for name, value in conninfo_to_dict(admin_dsn).items() if value}
    password = told.pop("password", "")
    done = subprocess.run(
        [
            postgres_program(program),
            f"--dbname={make_conninfo('', **told)}",
            "--no-password",
            *arguments,
        ],
        env={**os.environ, "PGPASSWORD": password, "PGOPTIONS": "-c maintenance_work_mem=256MB"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1].partition("error: ")
        raise Trouble(
            f"{program} failed: {last[2] or last[0]}",
            "see that the disk has room and the database answers, and run the command again",
        )
