"""Runs published notebooks, each in a sandbox of its own: a read-only role of its tenant, no network, no secret."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog

from hub_config.launch import PACKAGES, PROJECT
from hub_config.relay import door_out
from hub_config.roles import Minter
from hub_config.sandbox import command, find_bubblewrap, interpreter_folders, limit_resources
from worker.resources import Resources
from xsight_core.crypto import Keyring
from xsight_core.errors import Unavailable
from xsight_core.services.jobs import ClaimedJob
from xsight_core.services.mail import MailServer, Post
from xsight_core.services.publication_runs import (
    NotebookFailed,
    RunPlan,
    begin_run,
    end_run,
    fail_notebook,
)
from xsight_core.settings import Settings

__all__ = ["notebook", "notebook_failed"]

LONGEST_S: Final = 600
_RUN, _POSTGRES, _LEDGER, _PACKAGES = "/run/xsight", "/run/postgresql", "/srv/ledger", "/opt/xsight"
_NOT_HERE: Final = (
    "Published notebooks run in a sandbox with the analysts' environment, and this installation has not got "
    "{what}."
)

log = structlog.get_logger()


async def notebook(by: Resources, job: ClaimedJob) -> None:
    """Execute one run; its page and snapshot take their place when they are whole."""
    settings, run = by.settings, UUID(job.payload["notebook"])
    plan = await begin_run(by.tenancy, job.tenant_id, run, settings.home)
    if plan is None:
        return
    draft = plan.folder.absolute().with_suffix(".part")
    await asyncio.to_thread(_lay_out, plan, draft)
    try:
        await _execute(settings, job.tenant_id, plan, draft)
        shutil.rmtree(plan.folder, ignore_errors=True)
        draft.rename(plan.folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    rings = await end_run(
        by.tenancy,
        job.tenant_id,
        plan,
        _post(settings),
        home=settings.home,
        public_url=settings.public_url,
    )
    for ring in rings:
        await by.doorbell.ring(ring)
    told = {"type": "publication:run", "run": str(run)}
    await by.progress.publish(job.tenant_id, told)


async def notebook_failed(by: Resources, job: ClaimedJob, error: Exception) -> None:
    """Keep why, and tell who has to know."""
    settings = by.settings
    rings = await fail_notebook(
        by.tenancy, job, error, _post(settings), public_url=settings.public_url
    )
    for ring in rings:
        await by.doorbell.ring(ring)


def _post(settings: Settings) -> Post:
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    return Post(keyring, sends=MailServer.from_settings(settings) is not None)


def _lay_out(plan: RunPlan, draft: Path) -> None:
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    if plan.snapshot is None:
        (draft / "tape").mkdir()
    else:
        shutil.copytree(plan.snapshot, draft / "tape")
    told = {
        "cells": plan.cells,
        "parameters": plan.parameters,
        "key": plan.key,
        "data_version": plan.data_version,
    }
    (draft / "job.json").write_text(json.dumps(told), encoding="utf-8")


async def _execute(settings: Settings, tenant_id: UUID, plan: RunPlan, draft: Path) -> None:
    bubblewrap = None if settings.sandbox == "none" else find_bubblewrap()
    if bubblewrap is None:
        raise NotebookFailed(_NOT_HERE.format(what="a sandbox (bubblewrap)"))
    if settings.lab_python is None or not settings.lab_python.exists():
        raise NotebookFailed(_NOT_HERE.format(what="that environment (XSIGHT_LAB_PYTHON)"))
    read_only = {folder: str(folder) for folder in interpreter_folders(settings.lab_python)}
    read_only |= {
        PROJECT / name: f"{_PACKAGES}/{name}" for name in PACKAGES if (PROJECT / name).is_dir()
    }
    ledger = settings.home.resolve() / "ledger" / str(tenant_id)
    env = _environment(settings.lab_python, plan)
    async with _database(settings, plan, draft) as socket_folder:
        if socket_folder is not None:
            read_only[socket_folder] = _POSTGRES
            if ledger.is_dir():
                read_only[ledger] = _LEDGER
                env["XSIGHT_LEDGER_DIR"] = _LEDGER
        module = [str(settings.lab_python.absolute()), "-m", "hub_config.lab.published", _RUN]
        argv = command(bubblewrap, module, read_only=read_only, writable={draft: _RUN})
        said = await _run(argv, env)
    failure = draft / "failure.json"
    if failure.exists():
        raise NotebookFailed(_words(json.loads(failure.read_text())))
    if not (draft / "page.html").is_file():
        log.error("notebook.broken", run=str(plan.run), said=said[-2000:])
        raise NotebookFailed(
            "The notebook's process ended without an answer; it may have taken too much memory."
        )
    (draft / "job.json").unlink()


def _environment(python: Path, plan: RunPlan) -> dict[str, str]:
    """All that the process gets. One thread and no chance in hashes: sums come out alike."""
    return {
        "PATH": f"{python.absolute().parent}:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own
        "USER": "analyst",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": _PACKAGES,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "XSIGHT_TENANT": plan.slug,
        "XSIGHT_TAPE": f"{'replay' if plan.snapshot else 'record'}:{_RUN}/tape",
        **({} if plan.snapshot else {"XSIGHT_DSN_FILE": f"{_RUN}/dsn"}),
    }


@asynccontextmanager
async def _database(settings: Settings, plan: RunPlan, draft: Path) -> AsyncGenerator[Path | None]:
    """A role of the tenant's while the run lasts, and the folder of PostgreSQL's socket; a repeat has neither."""
    if plan.snapshot is not None:
        yield None
        return
    if settings.spawner_database_url is None:
        raise NotebookFailed(
            _NOT_HERE.format(what="a way to make it (XSIGHT_SPAWNER_DATABASE_URL)")
        )
    minter = Minter(settings.spawner_database_url.get_secret_value())
    try:
        role = await minter.mint(
            plan.slug, user_id=None, pii=False, server=f"run-{plan.run}", socket_dir=_POSTGRES
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {error}") from None
    secret = draft / "dsn"
    try:
        secret.touch(mode=0o600)
        secret.write_text(role.dsn)
        async with _socket_folder(settings, minter) as folder:
            yield folder
    finally:
        secret.unlink(missing_ok=True)
        with suppress(psycopg.Error):  # it ends at its date
            await minter.drop(role.name)


@asynccontextmanager
async def _socket_folder(settings: Settings, minter: Minter) -> AsyncGenerator[Path]:
    if settings.pg_socket_dir or minter.host.startswith("/"):
        yield Path(settings.pg_socket_dir or minter.host)
        return
    with tempfile.TemporaryDirectory(prefix="xsight-") as place:
        door = await door_out(Path(place) / f".s.PGSQL.{minter.port}", minter.host, minter.port)
        async with door:
            yield Path(place)


async def _run(argv: list[str], env: dict[str, str]) -> str:
    """Until it ends, or its time is up; what it said last."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=limit_resources,
        process_group=0,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LONGEST_S)
    except TimeoutError:
        raise NotebookFailed(f"It took longer than {LONGEST_S // 60} minutes.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return out.decode(errors="replace")


def _words(failure: dict[str, Any]) -> str:
    return f"Cell {failure['cell']} raised {failure['name']}: {failure['value']}"
