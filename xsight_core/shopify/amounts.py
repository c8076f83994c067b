"""Money as Shopify writes it: plain decimals in words, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any, cast

__all__ = ["NotMoney", "check_amounts", "explain"]

_PLAIN = re.compile(rb"-?0{1,15}(?:\.0{1,10})?").fullmatch
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_plain: set[bytes] = set()  # shapes of plain amounts met so far; there are 330 at most
_MOST_KNOWN = 30_000
_known: set[str | None] = {None}  # amounts met lately: prices repeat, and most are nothing


class NotMoney(ValueError):
    """A word that stands where an amount should."""

    def __init__(self, word: str) -> None:
        super().__init__(f"{word[:40]!r} is no amount of money")
        self.word = word


def check_amounts(*amounts: str | None) -> None:
    """Refuse money that is no plain decimal.

    One look at all amounts of a record, by their shapes (12.50 is 00.00): a pattern matched against
    each would take as long as all the rest of the mapping.
    """
    if _known.issuperset(amounts):
        return
    words = [amount for amount in amounts if amount is not None]
    shapes = "\n".join(words).encode().translate(_DIGITS).split(b"\n")
    if not (_plain.issuperset(shapes) and len(shapes) == len(words)):
        for word in words:
            shape = word.encode().translate(_DIGITS)
            if not _PLAIN(shape):
                raise NotMoney(word)
            _plain.add(shape)
    if len(_known) > _MOST_KNOWN:
        _known.intersection_update({None})
    _known.update(words)


def explain(error: Exception, record: Any) -> str:
    """Why a record was put aside, naming the field where the error does not."""
    if isinstance(error, NotMoney):
        path = next((path for path, value in _leaves(record, "") if value == error.word), None)
        return f"{error} at `{path}`" if path else str(error)
    return str(error)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, inner in enumerate(cast("list[Any]", value)):
            yield from _leaves(inner, f"{path}[{place}]")
    elif path.endswith(("amount", "price", "Price")):
        yield path, value
