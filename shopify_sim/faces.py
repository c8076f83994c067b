"""How values look in Shopify's answers: ids, dates and money."""

from datetime import UTC, datetime

__all__ = ["ID0", "STEP", "gid", "iso", "money", "row_of"]

ID0 = 5_000_000_000_000
STEP = 32_768  # real ids step by this much, and exceed 2^42


def gid(kind: str, row: int) -> str:
    """Global id of a row number."""
    return f"gid://shopify/{kind}/{ID0 + STEP * row}"


def row_of(global_id: str, kind: str | None = None) -> int | None:
    """Row number of a global id; None when it is of another kind or not one of ours."""
    prefix, _, tail = global_id.partition("?")[0].rpartition("/")
    if (kind and prefix != f"gid://shopify/{kind}") or not tail.isdigit():
        return None
    row, rest = divmod(int(tail) - ID0, STEP)
    return row if rest == 0 and row >= 0 else None


def iso(us: int) -> str:
    """DateTime of microseconds since 1970, in whole seconds."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(cents: int) -> str:
    """Decimal as Shopify writes it: "10.0", "10.5", "10.55"."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    units, rest = divmod(cents, 100)
    return f"{sign}{units}.{rest:02d}" if rest % 10 else f"{sign}{units}.{rest // 10}"
