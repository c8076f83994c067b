"""Compute what a shop's orders say: one run, stored whole, shown or kept as a look at a past day."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import structlog

from xsight_core.analytics import DEFAULT_RULE, DEFAULT_THRESHOLDS, day_number, day_of
from xsight_core.db import insights as runs
from xsight_core.db.insights import InsightRun, lock_insights, show_run, shown_run, store_run
from xsight_core.db.statistics import refresh_statistics
from xsight_core.db.tables import CustomerInsight
from xsight_core.db.traits import rfm_groups
from xsight_core.errors import InvalidInput
from xsight_core.ledger import ShopState, load_ledger, read_shop
from xsight_core.services.card import model_card, summary
from xsight_core.services.drift import Drift, HoldoutError, drift
from xsight_core.services.figures import Figures, figures
from xsight_core.services.page_documents import page_documents
from xsight_core.services.parts import thresholds_part
from xsight_core.services.pooling import read_priors
from xsight_core.services.retention import KeptRun, retained
from xsight_core.services.scores import history, scores
from xsight_core.tenancy import Tenancy

__all__ = ["METHOD_VERSION", "InsightRun", "compute_insights", "method", "store_look_back"]

METHOD_VERSION: Final = 4
"""Raised when the same rows give other numbers, so that stored runs are computed again."""

_Connection = psycopg.Connection[tuple[Any, ...]]

log = structlog.get_logger()


async def compute_insights(
    tenancy: Tenancy,
    tenant_id: UUID,
    home: Path,
    *,
    force: bool = False,
    pooled: bool = False,
    now: datetime | None = None,
) -> InsightRun:
    """Bring a tenant's insights up to its rows and the shop's day, and return the run that is shown.

    Nothing is computed where neither rows, rule, method nor day changed since the run that is shown, unless forced.
    Runs of one tenant wait for each other. The work is done in a thread: NumPy lets go of the interpreter lock, so the
    event loop goes on. With ``pooled`` the models start from what the installation's shops have in common.
    """
    now = now or datetime.now(UTC)
    return await asyncio.to_thread(
        _compute, tenancy, tenant_id, home, force=force, pooled=pooled, now=now
    )


async def store_look_back(
    tenancy: Tenancy,
    tenant_id: UUID,
    home: Path,
    as_of: date,
    *,
    pooled: bool = False,
    now: datetime | None = None,
) -> InsightRun:
    """Store a run as of a past day, from today's rows: what would have been known then.

    The one of the same day, rows, rule and method is the answer where it is there already. What is shown stays.
    """
    now = now or datetime.now(UTC)
    return await asyncio.to_thread(
        _look_back, tenancy, tenant_id, home, as_of, pooled=pooled, now=now
    )


def method(shop: ShopState, as_of: int) -> tuple[int, str, int, int]:
    """What numbers as of a day depend on: rows, rule, method, day."""
    return shop.data_version, DEFAULT_RULE.version, METHOD_VERSION, as_of


def _compute(
    tenancy: Tenancy, tenant_id: UUID, home: Path, *, force: bool, pooled: bool, now: datetime
) -> InsightRun:
    started = time.perf_counter()
    with tenancy.connection(tenant_id) as connection:
        lock_insights(connection, tenant_id)
        shop = read_shop(connection)
        as_of = shop.day(now)
        shown = shown_run(connection)
        if shown and not force and _basis(shown) == method(shop, as_of):
            return shown
        ledger = load_ledger(tenancy, home, tenant_id, connection, shop)
        shop = replace(shop, data_version=ledger.data_version)
        prior, priors = read_priors(connection, pooled=pooled)
        result = figures(ledger.orders, as_of, priors=priors)
        before = runs.stored_runs(connection)
        change = _drift(result, before)
        run = _run(result, shop, ledger.customers, change, prior, now, started)
        store_run(connection, tenant_id, run, scores(result))
        bodies = page_documents(
            result,
            shop,
            customers=ledger.customers,
            run=run,
            drift=change,
            known_groups=rfm_groups(connection),
        )
        show_run(connection, tenant_id, run, bodies)
        _retire(connection, tenant_id, [run, *before])
    if shown is None:
        with tenancy.connection(tenant_id) as connection:
            refresh_statistics(connection, CustomerInsight)
    log.info(
        "insights.shown",
        insight_run=str(run.id),
        data_version=run.data_version,
        orders=len(result.orders),
        seconds=round(time.perf_counter() - started, 3),
    )
    if change and change.state == "worse":
        log.warning("insights.drift", insight_run=str(run.id), reason=change.reason)
    return run


def _look_back(
    tenancy: Tenancy, tenant_id: UUID, home: Path, as_of: date, *, pooled: bool, now: datetime
) -> InsightRun:
    started = time.perf_counter()
    day = day_number(as_of)
    with tenancy.connection(tenant_id) as connection:
        lock_insights(connection, tenant_id)
        shop = read_shop(connection)
        if day >= shop.day(now):
            raise InvalidInput("as_of", "Look back from a day that is over in the shop's calendar.")
        before = runs.stored_runs(connection)
        same = (
            runs.find_run(connection, run.id)
            for run in before
            if run.kind == "past" and run.as_of == as_of and run.data_version == shop.data_version
        )
        found = next((run for run in same if run and _basis(run) == method(shop, day)), None)
        if found is not None:
            return found
        ledger = load_ledger(tenancy, home, tenant_id, connection, shop)
        shop = replace(shop, data_version=ledger.data_version)
        prior, priors = read_priors(connection, pooled=pooled)
        result = figures(ledger.orders, day, priors=priors)
        run = _run(result, shop, ledger.customers, None, prior, now, started)
        run = replace(run, kind="past", rows="history")
        store_run(connection, tenant_id, run, history(result))
        _retire(connection, tenant_id, [run, *before])
    log.info("insights.looked_back", insight_run=str(run.id), as_of=as_of.isoformat())
    return run


def _run(
    result: Figures,
    shop: ShopState,
    customers: int,
    change: Drift | None,
    prior: str,
    now: datetime,
    started: float,
) -> InsightRun:
    """The run's own row; its id is what everything computed with it is keyed by."""
    run = InsightRun(
        id=uuid4(),
        data_version=shop.data_version,
        rule_version=result.orders.rule.version,
        as_of=day_of(result.as_of),
        computed_at=now,
        duration_s=round(time.perf_counter() - started, 3),
        parameters={
            "method_version": METHOD_VERSION,
            "thresholds": thresholds_part(DEFAULT_THRESHOLDS),
            "prior": prior,
            "digests": {name: d.card() for name, d in result.forecast.choice.digests.items()},
        },
        summary=summary(result),
        drift=change.card() if change and change.state == "worse" else None,
    )
    return replace(run, card=model_card(result, shop, customers, run, change))


def _basis(run: InsightRun) -> tuple[int, str, int | None, int]:
    """What a run's numbers depend on."""
    made_by = run.parameters.get("method_version")
    return run.data_version, run.rule_version, made_by, day_number(run.as_of)


def _drift(result: Figures, before: Sequence[InsightRun]) -> Drift | None:
    """The newest holdout error against those of the runs that were shown; None where there is none."""
    error = summary(result)["holdout"]
    if error is None:
        return None
    shown = [run for run in reversed(before) if run.kind == "shown"]
    errors = [
        HoldoutError(run.as_of, **run.summary["holdout"])
        for run in shown
        if run.summary.get("holdout")
    ]
    alarm = shown[-1].drift if shown else None
    since = date.fromisoformat(alarm["since"]) if alarm and alarm.get("since") else None
    return drift(HoldoutError(day_of(result.as_of), **error), errors, since)


def _retire(connection: _Connection, tenant_id: UUID, stored: Sequence[InsightRun]) -> None:
    """Let go of what need not be kept."""
    fate = retained(
        KeptRun(run.id, run.kind, run.as_of, run.computed_at, run.rows) for run in stored
    )
    rows = {run.id: run.rows for run in stored}
    runs.retire(
        connection,
        tenant_id,
        to_history=[i for i, kept in fate.items() if (rows[i], kept) == ("scores", "history")],
        to_none=[i for i, kept in fate.items() if kept == "none" != rows[i]],
        gone=[i for i, kept in fate.items() if kept == "gone"],
    )
