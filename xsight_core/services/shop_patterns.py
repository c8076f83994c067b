# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Product pairs, cohorts and anomalies as a notebook shows them: frames, money in the shop's currency."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xsight_core.analytics import (
    SHOPIFY_GROUPS,
    Grain,
    Orders,
    agreement,
    bands,
    buyers,
    cohorts,
    day_of,
    first_of,
    rfm,
    shopify_groups,
)
from xsight_core.analytics.affinity import Pairs
from xsight_core.analytics.anomalies import anomalies
from xsight_core.analytics.cohorts import of_customers
from xsight_core.errors import InvalidInput

__all__ = [
    "anomaly_frame",
    "cohort_bands",
    "cohort_frame",
    "group_frame",
    "pair_frame",
    "some_customers",
]

_MONEY = {name: f"{name}_minor" for name in ("revenue", "returns", "ltv", "aov")}
_COUNTS = ("retention", "active", "orders", "refund_rate")


def cohort_frame(
    orders: Orders, as_of: int, values: str, grain: Grain, exponent: int
) -> pd.DataFrame:
    """A measure by cohort and age; NaN while not complete."""
    found = cohorts(orders, as_of, grain)
    frame = found.frame(_measure(values))
    return frame / 10**exponent if values in _MONEY else frame


def cohort_bands(
    orders: Orders, as_of: int, values: str, grain: Grain, exponent: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lower and upper bounds of ``cohort_frame``, 90 %, by bootstrap over customers."""
    drawn = bands(orders, as_of, grain, _measure(values))
    shape = drawn.cohorts.frame(_measure(values))
    scale = 10**exponent if values in _MONEY else 1
    low, high = (
        pd.DataFrame(bound / scale, shape.index, shape.columns) for bound in (drawn.low, drawn.high)
    )
    return low, high


def some_customers(
    orders: Orders, as_of: int, customers: Sequence[int] | None, came: Mapping[str, str | int]
) -> Orders:
    """Orders of some customers: of given ids, or of those whose first order was of a product, channel and so on."""
    orders = orders.counted(as_of)
    if customers is not None:
        orders = of_customers(orders, np.asarray(list(customers), np.int64))
    for by, wanted in came.items():
        who, code, names = first_of(orders, as_of, by)
        if wanted not in names:
            known = ", ".join(str(name) for name in names[:20] if name is not None)
            raise InvalidInput(by, f"No first order was of {by} {wanted!r}; there are: {known}.")
        orders = of_customers(orders, who[code == names.index(wanted)])
    return orders


def pair_frame(orders: Orders, pairs: Pairs) -> pd.DataFrame:
    """Pairs with the products' titles beside their ids."""
    frame, products = pairs.frame(), orders.products
    titles = {key: products.name(i) for i, key in enumerate(products.product_id.tolist())}
    for place, name in ((1, "first"), (3, "second")):
        names = [titles[key] for key in frame[name].tolist()]
        frame.insert(place, f"{name}_title", pd.Series(names, dtype="str"))
    return frame


def anomaly_frame(
    orders: Orders, as_of: int, last: int, threshold: float, exponent: int
) -> pd.DataFrame:
    """One row per cause of each day out of line, the latest day first."""
    columns = ["day", "net", "expected", "z", "kind", "name", "difference"]
    scale = 10**exponent
    rows = [
        (
            pd.Timestamp(day_of(one.day)),
            one.net_minor / scale,
            one.expected_minor / scale,
            one.z,
            cause.kind,
            cause.name,
            cause.minor / scale,
        )
        for one in anomalies(orders, as_of, last=last, threshold=threshold)
        for cause in one.causes
    ]
    return pd.DataFrame(rows, columns=columns)


def group_frame(orders: Orders, as_of: int, known: Mapping[int, str]) -> pd.DataFrame:
    """Shopify's group of every buyer as scored here and, where Shopify says, by Shopify; agreement in ``attrs``."""
    who = buyers(orders, as_of)
    ours = shopify_groups(rfm(who))
    place = {name: code for code, name in enumerate(SHOPIFY_GROUPS)}
    ids: list[int] = who.customer_id.tolist()
    theirs = np.array([place.get(known.get(key, ""), -1) for key in ids], np.int64)
    frame = pd.DataFrame(
        {
            "ours": pd.Categorical.from_codes(ours, list(SHOPIFY_GROUPS)),
            "shopify": pd.Categorical.from_codes(theirs, list(SHOPIFY_GROUPS)),
        },
        index=pd.Index(ids, name="customer_id"),
    )
    compared = agreement(ours, theirs)
    frame.attrs = {
        "customers": compared.customers,
        "share": compared.share,
        "kappa": compared.kappa,
    }
    return frame


def _measure(values: str) -> str:
    if values not in {*_COUNTS, *_MONEY}:
        raise InvalidInput(
            "values", f"Cohorts show {', '.join([*_COUNTS, *_MONEY])}, not {values!r}."
        )
    return _MONEY.get(values, values)
