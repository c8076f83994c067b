"""Forty segments, ready to use: each with what it is for and what to do, its thresholds the shop's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from xsight_core.segments.marks import Marks
from xsight_core.segments.rules import VERSION

__all__ = ["GROUPS", "LIBRARY", "Template"]

GROUPS: Final = ("loyalty", "win-back", "new", "value", "product", "timing", "consent", "risk")

_Rule = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A segment of the library. ``rules`` gives None where the shop has nothing that it could be about."""

    key: str
    group: str
    name: str
    purpose: str
    action: str
    rules: Callable[[Marks], list[_Rule] | None]

    def rule(self, marks: Marks) -> _Rule | None:
        """The rule's JSON with this shop's thresholds."""
        rules = self.rules(marks)
        return None if rules is None else _all(*rules) | {"v": VERSION}


def _all(*rules: _Rule) -> _Rule:
    return {"combinator": "and", "not": False, "rules": list(rules)}


def _any(*rules: _Rule) -> _Rule:
    return {"combinator": "or", "not": False, "rules": list(rules)}


def _r(field: str, operator: str, value: Any = None) -> _Rule:
    if hasattr(value, "as_tuple"):  # Decimal
        value = int(value) if value == int(value) else float(value)
    return {"field": field, "operator": operator, "value": value}


def _ago(days: int) -> dict[str, str]:
    return {"rel": f"-{days}d"}


def _orders(cmp: str, n: Any, days: int | None = None, **more: Any) -> _Rule:
    window = {} if days is None else {"window": {"from": _ago(days)}}
    return _r("orders", "matches", {"agg": "count", "cmp": cmp, "n": n} | window | more)


def _bought(field: str, value: Any, *more: _Rule, operator: str = "matches") -> _Rule:
    where = _all(_r(field, "=", value), *more)
    return _r("products", operator, {"agg": "count", "cmp": ">=", "n": 1, "where": where})


_BOUGHT: Final = _r("orders_count", ">=", 1)
_REPEAT: Final = _r("orders_count", ">=", 2)
_MAIL: Final = _r("email_consent", "=", "SUBSCRIBED")
_HAS_MAIL: Final = {"field": "has_email", "operator": "=", "value": True}
_HAS_PHONE: Final = {"field": "has_phone", "operator": "=", "value": True}
_NO_MAIL: Final = _r("email_consent", "!=", "SUBSCRIBED")

LIBRARY: Final[tuple[Template, ...]] = (
    Template(
        "champions",
        "loyalty",
        "Champions",
        "Bought last, most often and for most.",
        "Early access, a thank-you, an invitation to refer a friend.",
        lambda _: [_r("rfm_segment", "=", "champions")],
    ),
    Template(
        "loyal_core",
        "loyalty",
        "Loyal core",
        "As many orders as one in ten repeat buyers, and still within their usual time.",
        "A loyalty programme; ask them for reviews.",
        lambda m: [_r("orders_count", ">=", m.many_orders), _r("overdue", "<=", 1.5)],
    ),
    Template(
        "regulars",
        "loyalty",
        "Regulars",
        "Three orders or more within a year.",
        "Offer a subscription or a bundle of what they buy.",
        lambda _: [_orders(">=", 3, 365)],
    ),
    Template(
        "full_price_fans",
        "loyalty",
        "Full-price fans",
        "Come back without ever having had a discount.",
        "New arrivals first; spare them the vouchers.",
        lambda _: [_REPEAT, _r("discounts", "=", 0)],
    ),
    Template(
        "anniversary",
        "loyalty",
        "A year with us",
        "First order about a year ago, and more since.",
        "A note for the anniversary.",
        lambda _: [_r("first_order", "between", [{"rel": "-380d"}, {"rel": "-350d"}]), _REPEAT],
    ),
    Template(
        "slipping_regulars",
        "win-back",
        "Slipping regulars",
        "Repeat buyers who are later than they usually are.",
        "A reminder with what they bought last.",
        lambda _: [_REPEAT, _r("overdue", "between", [1.5, 3])],
    ),
    Template(
        "lost_regulars",
        "win-back",
        "Lost regulars",
        "Three orders or more, and over three times their rhythm away.",
        "A personal offer; ask what went wrong.",
        lambda _: [_r("orders_count", ">=", 3), _r("overdue", ">", 3)],
    ),
    Template(
        "lapsed_spenders",
        "win-back",
        "Lapsed big spenders",
        "Among the top spenders, and not seen for longer than nearly anyone stays away.",
        "Call or write in person.",
        lambda m: [_r("net", ">=", m.top_net), _BOUGHT, _r("last_order", "<", _ago(m.lost_days))],
    ),
    Template(
        "one_and_gone",
        "win-back",
        "One and gone",
        "A single order, longer ago than three quarters take to come back.",
        "A reason to try a second thing.",
        lambda m: [_r("orders_count", "=", 1), _r("last_order", "<", _ago(m.late_days))],
    ),
    Template(
        "dormant_year",
        "win-back",
        "Gone for a year",
        "Bought once upon a time, nothing for a year.",
        "One last try, then leave them out of paid campaigns.",
        lambda _: [_BOUGHT, _r("last_order", "<", {"rel": "-1y"})],
    ),
    Template(
        "back_again",
        "win-back",
        "Back again",
        "An order this month after none in the half year before.",
        "Welcome them back; find out what brought them.",
        lambda _: [
            _orders(">=", 1, 30),
            _r(
                "orders",
                "matches",
                {
                    "agg": "count",
                    "cmp": "=",
                    "n": 0,
                    "window": {"from": {"rel": "-210d"}, "to": {"rel": "-31d"}},
                },
            ),
            _r("first_order", "<", {"rel": "-210d"}),
        ],
    ),
    Template(
        "new_this_month",
        "new",
        "New this month",
        "First order within 30 days.",
        "A welcome series: how to get the most of the order.",
        lambda _: [_r("first_order", ">=", _ago(30))],
    ),
    Template(
        "second_order_due",
        "new",
        "Second order due",
        "One order, about as long ago as others take to come back.",
        "Suggest the second thing now.",
        lambda m: [
            _r("orders_count", "=", 1),
            _r("last_order", "between", [_ago(m.late_days), _ago(max(1, m.usual_days // 2))]),
        ],
    ),
    Template(
        "promising_start",
        "new",
        "Promising start",
        "First order this quarter and larger than most.",
        "A personal welcome.",
        lambda m: [_r("first_order", ">=", {"rel": "-3m"}), _r("aov", ">=", m.large_order)],
    ),
    Template(
        "not_yet_bought",
        "new",
        "Not yet bought",
        "Signed up within 90 days, no order so far.",
        "What others start with; free shipping on the first order.",
        lambda _: [_r("created", ">=", _ago(90)), _r("orders_count", "=", 0)],
    ),
    Template(
        "quick_second",
        "new",
        "Quick second order",
        "New this quarter and already back.",
        "They may become regulars: offer the programme.",
        lambda _: [_r("first_order", ">=", {"rel": "-3m"}), _REPEAT],
    ),
    Template(
        "top_tenth",
        "value",
        "Top tenth",
        "The tenth of the buyers who spent most.",
        "Your best service; never a generic mail.",
        lambda _: [_r("net", "topPercent", {"n": 10, "within": _all(_BOUGHT)})],
    ),
    Template(
        "top_hundred",
        "value",
        "Top hundred",
        "The hundred highest by net sales.",
        "Know them by name.",
        lambda _: [_BOUGHT, _r("net", "topN", {"n": 100, "within": _all(_BOUGHT)})],
    ),
    Template(
        "large_orders",
        "value",
        "Large orders",
        "Their average order is among the largest quarter.",
        "Bundles and the upper end of the range.",
        lambda m: [_r("aov", ">=", m.large_order)],
    ),
    Template(
        "small_frequent",
        "value",
        "Small and frequent",
        "Come often, buy little each time.",
        "A threshold for free shipping just above their usual order.",
        lambda m: [_r("orders_count", ">=", 3), _r("aov", "<=", m.small_order)],
    ),
    Template(
        "rising_value",
        "value",
        "High value to come",
        "The fifth with the highest expected value within a year.",
        "Invest here: service, early access, advice.",
        lambda _: [_r("clv_365", "decile", [9, 10])],
    ),
    Template(
        "sure_value",
        "value",
        "Surely worth it",
        "Even the cautious end of the forecast beats what a typical buyer spent so far.",
        "Safe to spend on.",
        lambda m: [_r("clv_365_low", ">=", m.typical_net), _BOUGHT],
    ),
    Template(
        "bestseller_buyers",
        "product",
        "Bought the bestseller",
        "Have what most customers bought.",
        "Show what goes with it.",
        lambda m: None if m.product is None else [_bought("product", m.product)],
    ),
    Template(
        "bestseller_missing",
        "product",
        "Not yet the bestseller",
        "Buyers who never had what most others bought.",
        "Introduce it to them.",
        lambda m: (
            None
            if m.product is None
            else [_BOUGHT, _bought("product", m.product, operator="doesNotMatch")]
        ),
    ),
    Template(
        "started_with_bestseller",
        "product",
        "Started with the bestseller",
        "It was in their first order.",
        "The path others took from there.",
        lambda m: None if m.product is None else [_bought("product", m.product, _r("nth", "=", 1))],
    ),
    Template(
        "brand_fans",
        "product",
        "Fans of the top brand",
        "Two orders or more with the brand most customers buy.",
        "News of that brand first.",
        lambda m: (
            None
            if m.vendor is None
            else [
                _r(
                    "products",
                    "matches",
                    {
                        "agg": "count",
                        "cmp": ">=",
                        "n": 2,
                        "where": _all(_r("vendor", "=", m.vendor)),
                    },
                )
            ]
        ),
    ),
    Template(
        "wide_baskets",
        "product",
        "Wide baskets",
        "Five items or more in one order.",
        "Sets, and gifts for several.",
        lambda _: [_r("orders", "matches", {"agg": "max", "of": "units", "cmp": ">=", "n": 5})],
    ),
    Template(
        "due_now",
        "timing",
        "Due now",
        "The next order is expected within two weeks.",
        "Be in the inbox just before.",
        lambda _: [_r("next_order", "between", [{"rel": "today"}, {"rel": "+14d"}])],
    ),
    Template(
        "just_bought",
        "timing",
        "Just bought",
        "An order within a week.",
        "No offers now: help, and ask for a review later.",
        lambda _: [_r("last_order", ">=", _ago(7))],
    ),
    Template(
        "review_time",
        "timing",
        "Time to ask for a review",
        "Last order two to four weeks ago, nothing given back.",
        "Ask for a review.",
        lambda _: [_r("last_order", "between", [_ago(28), _ago(14)]), _r("returns", "=", 0)],
    ),
    Template(
        "gift_season",
        "timing",
        "Bought last season",
        "Ordered in these weeks a year ago.",
        "Remind them of last year’s gift.",
        lambda _: [
            _r(
                "orders",
                "matches",
                {
                    "agg": "count",
                    "cmp": ">=",
                    "n": 1,
                    "window": {"from": {"rel": "-380d"}, "to": {"rel": "-350d"}},
                },
            )
        ],
    ),
    Template(
        "about_to_lapse",
        "timing",
        "About to lapse",
        "Between the usual time and the time by which three quarters are back.",
        "A light touch: what is new, what is back.",
        lambda m: [_REPEAT, _r("last_order", "between", [_ago(m.late_days), _ago(m.usual_days)])],
    ),
    Template(
        "mail_reachable",
        "consent",
        "Reachable by e-mail",
        "Consented to marketing by e-mail.",
        "The base of every campaign.",
        lambda _: [_MAIL, _HAS_MAIL],
    ),
    Template(
        "sms_reachable",
        "consent",
        "Reachable by SMS",
        "Consented to marketing by SMS.",
        "Short and urgent news only.",
        lambda _: [_r("sms_consent", "=", "SUBSCRIBED"), _HAS_PHONE],
    ),
    Template(
        "valuable_unreachable",
        "consent",
        "Valuable, not reachable",
        "Spent more than three quarters of the buyers, without consent to e-mail or SMS.",
        "Ask for consent at the next order; a parcel insert.",
        lambda m: [
            _r("net", ">=", m.good_net),
            _BOUGHT,
            _NO_MAIL,
            _r("sms_consent", "!=", "SUBSCRIBED"),
        ],
    ),
    Template(
        "unsubscribed_buyers",
        "consent",
        "Left the list, still buying",
        "Unsubscribed, and ordered within 90 days all the same.",
        "Leave them be; shop and parcel speak.",
        lambda _: [_r("email_consent", "=", "UNSUBSCRIBED"), _r("last_order", ">=", _ago(90))],
    ),
    Template(
        "churn_risk",
        "risk",
        "Likely to leave",
        "Repeat buyers more likely than not to order nothing within 90 days.",
        "The offer they respond to, before they are gone.",
        lambda _: [_REPEAT, _r("churn_90", ">", 0.5)],
    ),
    Template(
        "valuable_at_risk",
        "risk",
        "Valuable and at risk",
        "Among the top quarter of spenders and likely to leave.",
        "In person, this week.",
        lambda m: [_r("net", ">=", m.good_net), _REPEAT, _r("churn_90", ">", 0.5)],
    ),
    Template(
        "many_returns",
        "risk",
        "Returns much",
        "Gave back a third or more of what they bought, in two orders or more.",
        "Better sizes and pictures; leave out of free returns.",
        lambda _: [_REPEAT, _r("refund_share", ">=", 0.33)],
    ),
    Template(
        "discount_hunters",
        "risk",
        "Only with discount",
        "Their share of discount is above the usual, or every order had one.",
        "Other reasons than price; smaller vouchers.",
        lambda m: [
            _REPEAT,
            _any(
                _r("discount_share", ">", m.discount_share),
                _r("orders", "matches", {"agg": "min", "of": "discounts", "cmp": ">", "n": 0}),
            ),
        ],
    ),
)
"""All of them, by group."""
