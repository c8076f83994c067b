"""The page of all metrics, out of the registry.

python -m xsight_core.analytics.metrics.document > docs/metrics.md
"""

import sys

from xsight_core.analytics.metrics import METRICS
from xsight_core.analytics.metrics.evaluate import DIMENSIONS
from xsight_core.analytics.orders import DEFAULT_RULE
from xsight_core.analytics.periods import Grain

__all__ = ["markdown"]

_HEAD = """\
# Metrics

Written from the registry (`xsight_core/analytics/metrics`): a function with `@metric` is a metric in the REST API
(`GET /api/v1/analytics/metrics/NAME`), in notebooks (`shop.metric("NAME", by="month")`) and on this page. Everything
that is no metric: [analytics](analytics.md).

Money is in minor units of the shop's currency (cents), exact; days are the shop's own. Ratios of nothing are missing,
never zero. By period every metric goes by {grains}; by dimension by {dimensions}. A metric marked *adds up* can be
summed over slices; by product only the marked ones can be told, from the lines of orders.

The same rule says for every number which orders count: `{rule}`. An order of zero value counts; guests are in money and
orders, never in a customer metric. A period can be compared with the one before, with the same dates of last year, or
with the days 52 weeks earlier, weekday by weekday. Sources: Shopify's orders, lines and refunds as synced; gross,
discounts, returns and net are what Shopify's sales report means by them, returns on the day of the order unless the
name or `returns_on=refund_date` says otherwise.

| metric | unit | adds up | by product | what it is |
|---|---|---|---|---|
"""


def markdown() -> str:
    """The page."""
    names = {"grains": ", ".join(Grain), "dimensions": ", ".join(DIMENSIONS)}
    rows = [
        f"| `{m.name}` | {m.unit} | {_tick(m.additive)} | {_tick(m.by_product)} | {m.definition} |"
        for m in METRICS.values()
    ]
    return _HEAD.format(rule=DEFAULT_RULE.version, **names) + "\n".join(rows) + "\n"


def _tick(yes: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if yes else ""


if __name__ == "__main__":
    sys.stdout.write(markdown())
