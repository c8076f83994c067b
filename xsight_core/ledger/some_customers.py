# pyright: reportMissingTypeStubs=false
"""Some customers read row by row, and laid over all as they were known before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

import numpy as np
import psycopg

from xsight_core.analytics.columns import Int
from xsight_core.ledger.columns import longer

__all__ = ["TEXTS", "laid_over", "read_some", "text_codes"]

TEXTS: Final[dict[str, LiteralString]] = {
    "country": "country",
    "region": "country || '-' || province",
    "language": "locale",
    "account": "state",
    "email_consent": "email_consent",
    "sms_consent": "sms_consent",
}
"""What customers have of texts: column, and where it comes from."""

_ROWS: Final[LiteralString] = """
SELECT c.ordinal, c.id, (timezone(t.timezone, c.created_at))::date - date '1970-01-01', coalesce(c.orders_count, 0),
       coalesce(round(c.amount_spent * 10 ^ t.currency_exponent), 0)::bigint,
       (c.deleted_at IS NULL AND c.merged_into IS NULL)::int + coalesce(c.verified_email::int + 1, 0) * 2
         + coalesce(c.tax_exempt::int + 1, 0) * 8 + (p.email IS NOT NULL)::int * 32 + (p.phone IS NOT NULL)::int * 64,
       c.country, c.country || '-' || c.province, c.locale, c.state, c.email_consent, c.sms_consent, c.tags
FROM xsight.customers c
CROSS JOIN (SELECT timezone, currency_exponent FROM xsight.tenant_state) t
LEFT JOIN xsight.customer_pii p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id
WHERE """
_NUMBERS: Final = ("ordinal", "id", "created", "shopify_orders", "shopify_spent", "bits")

Columns = dict[str, Any]
Names = dict[str, list[str]]


def read_some(
    connection: psycopg.Connection[tuple[Any, ...]],
    condition: LiteralString,
    values: Mapping[str, Any],
) -> tuple[Columns, Names]:
    """Customers (``c``) of a condition by id, as columns with their ``ordinal``; holders of tags are rows here."""
    rows = connection.execute(_ROWS + condition + " ORDER BY c.id", values).fetchall()
    numbers = np.array([row[: len(_NUMBERS)] for row in rows], np.int64).reshape(-1, len(_NUMBERS))
    columns: Columns = {name: numbers[:, i] for i, name in enumerate(_NUMBERS)}
    names: Names = {}
    for i, name in enumerate(TEXTS, len(_NUMBERS)):
        columns[name], names[name] = text_codes([row[i] for row in rows])
    holders: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        for tag in set(row[-1]):
            holders.setdefault(tag, []).append(i)
    names["tags"] = sorted(holders)
    columns["tag_holders"] = np.array([i for t in names["tags"] for i in holders[t]], np.int64)
    columns["tag_starts"] = np.cumsum([0, *(len(holders[tag]) for tag in names["tags"])])
    return columns, names


def text_codes(texts: Sequence[str | None]) -> tuple[Int, list[str]]:
    """Texts as indexes of the distinct ones, -1 for none."""
    names = sorted({text for text in texts if text is not None})
    code = {name: i for i, name in enumerate(names)}
    return np.array([-1 if t is None else code[t] for t in texts], np.int32), names


def laid_over(
    before: Mapping[str, Any], names: Mapping[str, Sequence[str]], some: tuple[Columns, Names]
) -> tuple[Columns, Names]:
    """All customers by ordinal, some of them as they are now."""
    fresh, fresh_names = some
    ordinal = fresh["ordinal"]
    size = max(len(before["id"]), int(ordinal.max(initial=-1)) + 1)
    columns: Columns = {}
    for name in _NUMBERS[1:]:
        columns[name] = longer(before[name], size)
        columns[name][ordinal] = fresh[name]
    later: Names = {}
    for name in TEXTS:
        codes, later[name] = _codes_in(names[name], fresh_names[name])
        columns[name] = longer(before[name], size, -1)
        columns[name][ordinal] = np.r_[codes, -1][fresh[name]]  # the last one is for -1
    return columns | _labels(before, names["tags"], fresh, fresh_names["tags"], later), later


def _labels(
    before: Mapping[str, Any],
    names: Sequence[str],
    fresh: Columns,
    fresh_names: Sequence[str],
    later: Names,
) -> Columns:
    """Who has which tag: the changed customers' old ones go, theirs of now come; what nobody has is no tag."""
    codes, all_names = _codes_in(names, fresh_names)
    label = np.repeat(np.arange(len(names)), np.diff(before["tag_starts"]))
    holder = np.asarray(before["tag_holders"])
    stays = ~np.isin(holder, fresh["ordinal"])
    label = np.r_[label[stays], np.repeat(codes, np.diff(fresh["tag_starts"]))].astype(np.int64)
    holder = np.r_[holder[stays], fresh["ordinal"][fresh["tag_holders"]]].astype(np.int32)
    count = np.bincount(label, minlength=len(all_names))
    later["tags"] = [name for name, held in zip(all_names, count.tolist(), strict=True) if held]
    return {
        "tag_holders": holder[np.lexsort((holder, label))],
        "tag_starts": np.r_[0, np.cumsum(count[count > 0])],
    }


def _codes_in(names: Sequence[str], more: Sequence[str]) -> tuple[Int, list[str]]:
    """The place of each of ``more`` among all names, and all of them."""
    place = {name: i for i, name in enumerate(names)}
    codes = [place.setdefault(name, len(place)) for name in more]
    return np.array(codes, np.int64), list(place)
