"""Where a shop's data come from: ``cdnow``, ``generated:CUSTOMERS[:SEED]``, or a transactions file."""

from datetime import datetime
from pathlib import Path

from shopify_sim.sources import cdnow, generated, transactions
from shopify_sim.tables import Tables

__all__ = ["SourceError", "load"]


class SourceError(ValueError):
    """The source of a shop is not one we know; the text names the remedy."""


def load(source: str, now: datetime) -> Tables:
    """Tables of a source; dates are placed so that the shop ends at ``now``."""
    name, _, rest = source.partition(":")
    if name == "cdnow" and not rest:
        return cdnow.load(now)
    if name == "generated":
        count, _, seed = rest.partition(":")
        if not count.isdigit() or int(count) < 1 or (seed and not seed.isdigit()):
            message = f"source {source!r}: write generated:CUSTOMERS or generated:CUSTOMERS:SEED"
            raise SourceError(message)
        return generated.load(int(count), int(seed or 1), now)
    path = Path(source)
    if not path.is_file():
        message = (
            f"source {source!r}: write cdnow, generated:CUSTOMERS[:SEED], or a CSV/Parquet file"
        )
        raise SourceError(message)
    return transactions.load(path)
