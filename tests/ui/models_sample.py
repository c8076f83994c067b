"""The documents and analyses of a shop with CDNOW's purchases, made by the code that makes them for a real one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tests.support.cdnow import transactions
from tests.unit.analytics.shops import Row, orders_of
from xsight_core.analytics import (
    DEFAULT_THRESHOLDS,
    SHOPIFY_GROUPS,
    Grain,
    Orders,
    day_number,
    day_of,
    rfm,
)
from xsight_core.analytics.buyers import buyers
from xsight_core.analytics.shopify_groups import shopify_groups
from xsight_core.clv import DEFAULT_PRIORS
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services import analyses
from xsight_core.services.card import model_card, summary
from xsight_core.services.cohort_analyses import CohortWish, cohort_analysis, cohort_cuts
from xsight_core.services.figures import figures
from xsight_core.services.page_documents import page_documents
from xsight_core.services.parts import thresholds_part

__all__ = ["AS_OF", "answers", "ask", "documents", "documents_of", "first_id", "orders"]

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
AS_OF = day_number(NOW.date())
RUN = UUID("0193c0de-0000-7000-8000-000000000041")
SHOP = ShopState(
    tenant_id=UUID("0193c0de-0000-7000-8000-000000000001"),
    name="Garden & Grove",
    domain="garden-grove.myshopify.com",
    currency="USD",
    currency_exponent=2,
    timezone="America/New_York",
    data_version=41,
    synced_at=datetime.now(UTC),
    history_since=None,
    insight_run=RUN,
)
_FIRST_ID = 7_000_000_000_000


@cache
def orders(every: int = 12) -> Orders:
    """The purchases of one of so many of CDNOW's customers."""
    rows = [
        Row(
            id=number,
            customer=_FIRST_ID + int(customer) // every,
            day=day_number(day.date()),
            gross=int(cents),
            returns=int(cents) if number % 23 == 0 else 0,
            channel=int(customer) // every % 3 - 1,
            discount=max(-1, int(customer) // every % 5 - 3),
            country=int(customer) // every % 2,
        )
        for number, (customer, day, cents) in enumerate(
            transactions(NOW)[["customer", "date", "cents"]].itertuples(index=False), start=1
        )
        if int(customer) % every == 0
    ]
    return orders_of(rows)


@cache
def _known_groups() -> dict[int, str]:
    """Every other customer's group by Shopify, of which it sees some differently."""
    who = buyers(orders(), AS_OF)
    ours = shopify_groups(rfm(who)).tolist()
    return {
        int(key): SHOPIFY_GROUPS[code if n % 14 else (code + 1) % 10]
        for n, (key, code) in enumerate(zip(who.customer_id, ours, strict=True))
        if n % 2 == 0
    }


@cache
def documents() -> dict[str, dict[str, Any]]:
    """By name, as an insight run stores them."""
    return documents_of(orders(), AS_OF, _known_groups())


def documents_of(
    sold: Orders, as_of: int, known_groups: Mapping[int, str]
) -> dict[str, dict[str, Any]]:
    """The documents of a shop with these orders."""
    found = figures(sold, as_of)
    customers = len(found.buyers) + 21
    run = InsightRun(
        RUN,
        SHOP.data_version,
        found.orders.rule.version,
        day_of(as_of),
        NOW,
        1.25,
        parameters={
            "method_version": 4,
            "thresholds": thresholds_part(DEFAULT_THRESHOLDS),
            "prior": "default",
        },
        summary=summary(found),
    )
    run = replace(run, card=model_card(found, SHOP, customers, run, None))
    return page_documents(
        found, SHOP, customers=customers, run=run, drift=None, known_groups=known_groups
    )


def answers() -> dict[str, Callable[[dict[str, str]], Any]]:
    """What the API answers, by path: functions of the query."""

    def answer(ask: Callable[[Any, dict[str, str]], dict[str, Any]]) -> Callable[..., Any]:
        def result(query: dict[str, str]) -> dict[str, Any]:
            day = query.get("as_of")
            as_of = AS_OF if day is None else day_number(date.fromisoformat(day))
            look: Any = SimpleNamespace(
                ledger=SimpleNamespace(orders=orders()),
                as_of=as_of,
                view=SimpleNamespace(priors=DEFAULT_PRIORS),
            )
            return {"as_of": day_of(as_of).isoformat(), "result": ask(look, query)}

        return result

    def wish(query: dict[str, str]) -> CohortWish:
        return CohortWish(
            Grain(query.get("grain", "month")),
            query.get("values"),
            query.get("bands") == "true",
        )

    api = "/api/v1/analytics/"
    return {
        f"{api}rfm": answer(lambda look, _: analyses.rfm_analysis(look)),
        f"{api}rfm/shopify": answer(lambda look, _: analyses.group_analysis(look, {})),
        f"{api}rfm/history": answer(
            lambda look, query: analyses.history_analysis(look, int(query["months"]))
        ),
        f"{api}rfm/migration": answer(
            lambda look, query: analyses.migration_analysis(
                look, day_number(date.fromisoformat(query["since"]))
            )
        ),
        f"{api}cohorts": answer(lambda look, query: cohort_analysis(look, wish(query))),
        f"{api}cohorts/cuts": answer(
            lambda look, query: cohort_cuts(look, wish(query), query.get("by", "channel"), 10)
        ),
        f"{api}churn": answer(lambda look, _: analyses.churn_analysis(look)),
        f"{api}clv": answer(lambda look, _: analyses.value_analysis(look)),
    }


def ask(route: str, **query: str) -> dict[str, Any]:
    """The `result` of an analytics route."""
    return answers()[f"/api/v1/analytics/{route}"](query)["result"]


def first_id() -> int:
    """The customer with the most at risk."""
    return documents()["churn"]["at_risk"]["customers"][0]["id"]
