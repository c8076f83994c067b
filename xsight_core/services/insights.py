"""Compute what a shop's orders say and show it: one run, swapped in whole."""

import asyncio
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import structlog

from xsight_core.analytics import DEFAULT_RULE, DEFAULT_THRESHOLDS, SEGMENTS, day_of
from xsight_core.clv import ChurnScores, Evidence, ValueScores
from xsight_core.db.insights import InsightRun, lock_insights, show_run, shown_run, store_run
from xsight_core.db.statistics import refresh_statistics
from xsight_core.db.tables import CustomerInsight
from xsight_core.ledger import ledger_folder, read_shop
from xsight_core.services.figures import Figures, figures
from xsight_core.services.overview import overview
from xsight_core.tenancy import Tenancy

__all__ = ["InsightRun", "compute_insights"]

METHOD_VERSION = 1
"""Raised when the same rows give other numbers, so that stored runs are computed again."""

log = structlog.get_logger()


async def compute_insights(
    tenancy: Tenancy,
    tenant_id: UUID,
    home: Path,
    *,
    force: bool = False,
    now: datetime | None = None,
) -> InsightRun:
    """Bring a tenant's insights up to its rows and the shop's day, and return the run that is shown.

    Nothing is computed where neither rows, rule, method nor day changed since the run that is shown, unless forced.
    Runs of one tenant wait for each other. The work is done in a thread: NumPy lets go of the interpreter lock, so the
    event loop goes on.
    """
    now = now or datetime.now(UTC)
    return await asyncio.to_thread(_compute, tenancy, tenant_id, home, force=force, now=now)


def _compute(
    tenancy: Tenancy, tenant_id: UUID, home: Path, *, force: bool, now: datetime
) -> InsightRun:
    started = time.perf_counter()
    with tenancy.connection(tenant_id) as connection:
        lock_insights(connection, tenant_id)
        shop = read_shop(connection)
        as_of = shop.day(now)
        shown = shown_run(connection)
        if (
            shown
            and not force
            and _basis(shown) == (shop.data_version, DEFAULT_RULE.version, METHOD_VERSION, as_of)
        ):
            return shown
        ledger = ledger_folder(home, tenant_id).load(connection, shop)
        result = figures(ledger.orders, as_of)
        run = InsightRun(
            id=uuid4(),
            data_version=ledger.data_version,
            rule_version=ledger.orders.rule.version,
            as_of=day_of(as_of),
            computed_at=now,
            duration_s=time.perf_counter() - started,
            parameters=_parameters(result),
        )
        store_run(connection, tenant_id, run, _scores(result))
        body = overview(result, shop, customers=ledger.customers, run=run.id, computed_at=now)
        body["data_version"] = run.data_version
        show_run(connection, tenant_id, run, {"overview": body})
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
    return run


def _basis(run: InsightRun) -> tuple[int, str, int | None, int]:
    """What a run's numbers depend on."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    return (
        run.data_version,
        run.rule_version,
        run.parameters.get("method_version"),
        (run.as_of - epoch).days,
    )


def _parameters(result: Figures) -> dict[str, Any]:
    return {
        "method_version": METHOD_VERSION,
        "thresholds": {
            name: edges and list(edges) for name, edges in asdict(DEFAULT_THRESHOLDS).items()
        },
        "churn": result.churn.card() if isinstance(result.churn, ChurnScores) else None,
        "clv": result.value.card() if isinstance(result.value, ValueScores) else None,
        "evidence": result.evidence.card() if isinstance(result.evidence, Evidence) else None,
    }


def _scores(result: Figures) -> dict[str, Any]:
    """Columns of ``customer_insights``; a prediction that could not be made is null."""
    buyers, rfm, purchases = result.buyers, result.rfm, result.purchases
    keys = np.array([segment.key for segment in SEGMENTS])
    columns: dict[str, Any] = {
        "customer_id": buyers.customer_id,
        "orders": buyers.orders,
        "net_minor": buyers.net_minor,
        "first_day": buyers.first_day,
        "last_day": buyers.last_day,
        "frequency": purchases.frequency,
        "recency_days": purchases.recency,
        "age_days": purchases.T,
        "r": rfm.r,
        "f": rfm.f,
        "m": rfm.m,
        "segment": keys[rfm.segment],
    }
    if isinstance(result.churn, ChurnScores):
        columns |= {
            "p_alive": result.churn.p_alive,
            "churn_90": result.churn.churn_90,
            "expected_orders_90": result.churn.expected_orders_90,
            "expected_orders_365": result.churn.expected_orders_365,
        }
    if isinstance(result.value, ValueScores):
        columns["clv_365_minor"] = np.rint(result.value.clv_365).astype(np.int64)
    return columns
