"""The eleven RFM segments over all 125 cells, in one table.

The cells are the widely used three-digit map (Squeezely's published defaults), which covers every
combination of recency, frequency and monetary score exactly once.
"""

from dataclasses import dataclass

import numpy as np

from xsight_core.analytics.orders import Int

__all__ = ["SEGMENTS", "Segment", "segment_codes"]


@dataclass(frozen=True)
class Segment:
    """A group of customers who behave alike, and what to do about them."""

    key: str
    name: str
    action: str
    cells: frozenset[str]


def _segment(key: str, name: str, action: str, cells: str) -> Segment:
    return Segment(key, name, action, frozenset(cells.split()))


SEGMENTS = (
    _segment(
        "champions",
        "Champions",
        "Reward them: early access, a thank-you, an invitation to refer a friend.",
        "555 554 544 545 454 455 445",
    ),
    _segment(
        "loyal",
        "Loyal",
        "Offer what goes with what they buy, ask for reviews, enrol them in a loyalty programme.",
        "543 444 435 355 354 345 344 335",
    ),
    _segment(
        "potential_loyalists",
        "Potential loyalists",
        "Bring them to the next order: a membership, a bundle, a recommendation.",
        "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 "
        "423 353 352 351 342 341 333 323",
    ),
    _segment(
        "new_customers",
        "New customers",
        "Welcome them, help them get the most of the first order, suggest a second.",
        "512 511 422 421 412 411 311",
    ),
    _segment(
        "promising",
        "Promising",
        "They spend well but rarely: show the range, give a reason to return.",
        "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    ),
    _segment(
        "need_attention",
        "Need attention",
        "Make a limited offer based on past purchases before the interest fades.",
        "535 534 443 434 343 334 325 324",
    ),
    _segment(
        "about_to_sleep",
        "About to sleep",
        "Remind them now: what is popular, what is back in stock.",
        "331 321 312 221 213 231 241 251",
    ),
    _segment(
        "at_risk",
        "At risk",
        "They bought often and stopped: write personally, offer to win them back.",
        "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    ),
    _segment(
        "cannot_lose",
        "Can’t lose",
        "The most valuable of those who left: call or write, ask what went wrong.",
        "155 154 144 214 215 115 114 113",
    ),
    _segment(
        "hibernating",
        "Hibernating",
        "A low-cost reminder with a relevant offer; do not spend much on it.",
        "332 322 233 232 223 222 132 123 122 212 211",
    ),
    _segment(
        "lost",
        "Lost",
        "One last try, then stop: leave them out of paid campaigns.",
        "111 112 121 131 141 151",
    ),
)
"""In the order of worth in which they are shown."""


def _table() -> Int:
    table = np.full((6, 6, 6), -1, np.int8)
    for code, segment in enumerate(SEGMENTS):
        for cell in segment.cells:
            table[int(cell[0]), int(cell[1]), int(cell[2])] = code
    return table


_CODE = _table()


def segment_codes(r: Int, f: Int, m: Int) -> Int:
    """Position in ``SEGMENTS`` for scores from 1 to 5.

    >>> [
    ...     SEGMENTS[code].key
    ...     for code in segment_codes(np.array([5, 1]), np.array([5, 1]), np.array([5, 1]))
    ... ]
    ['champions', 'lost']
    """
    return _CODE[r, f, m]
