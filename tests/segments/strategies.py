"""Rules at random: any field, any operator, values that the random shops hold, and some that they do not."""

from hypothesis import strategies as st

from tests.segments.shops import OTHER_SEGMENT, WORDS
from xsight_core.segments import CUSTOMER, LINE, ORDER
from xsight_core.segments.operators import AGGREGATES, COMPARISONS, OPERATORS, Kind, Shape

LAYERS = {"customer": CUSTOMER, "orders": ORDER, "products": LINE}
RANKED = {Shape.RANK, Shape.DECILES, Shape.RANGE_OF_RANKS}

dates = st.one_of(
    st.sampled_from(
        [
            "-30d",
            "-6m",
            "-1y",
            "-2w",
            "-1q",
            "+10d",
            "today",
            "yesterday",
            "start-of-year",
            "start-of-month",
            "start-of-quarter",
            "start-of-week",
            "tomorrow",
            "-183d",
        ]
    ).map(lambda text: {"rel": text}),
    st.sampled_from(["2026-11-22", "2026-10-23", "2025-11-22", "2026-02-28"]),
)
texts = st.sampled_from(
    [
        *WORDS,
        "us",
        "DE",
        "at",
        "web",
        "shop",
        "US-NY",
        "ada",
        "example",
        "New York City",
        "NewYork",
        "new",
        "a",
        "e",
        "ACME",
        "seeds",
        "glove",
        "sale",
        "+4930",
        "10115",
        "de",
        "welcome",
        "š",
        "\\",
    ]
)
plain = {
    Kind.COUNT: st.integers(-1, 7),
    Kind.NUMBER: st.sampled_from([0, 0.25, 0.5, 1, 7, 30.5, 60, 91]),
    Kind.SHARE: st.sampled_from([0, 0.2, 0.25, 0.5, 1]),
    Kind.MONEY: st.sampled_from([0, 10, 20, 50, 99.99, 250, -5, 30.5, 40.01]),
    Kind.DATE: dates,
    Kind.TEXT: texts,
    Kind.LABELS: texts,
    Kind.FLAG: st.booleans(),
    Kind.ID: st.sampled_from([1001, 1002, 1030, 7001, 7005, 7101, 9999, "7002"]),
    Kind.IDS: st.sampled_from([8001, 8002, 9999]),
}


def scalar(field):
    return st.sampled_from(field.values) if field.kind is Kind.CHOICE else plain[field.kind]


def two(values):
    def ordered(pair):
        low, high = pair
        if isinstance(low, dict) or isinstance(high, dict) or low <= high:
            return [low, high]
        return [high, low]

    return st.tuples(values, values).map(ordered)


@st.composite
def rank(draw, shape, operator, depth):
    if shape is Shape.DECILES:
        n = draw(st.lists(st.integers(1, 10), min_size=1, max_size=4))
    elif shape is Shape.RANGE_OF_RANKS:
        n = draw(two(st.sampled_from([0, 12.5, 25, 50, 90, 100])))
    else:
        n = draw(
            st.integers(1, 30)
            if operator.endswith("N")
            else st.sampled_from([1, 2.5, 10, 25, 50, 100])
        )
    if depth > 1 or draw(st.booleans()):
        return n
    return {"n": n, "within": draw(groups("customer", depth + 1))}


@st.composite
def event(draw, name, depth):
    aggregate = draw(st.sampled_from(list(AGGREGATES)))
    comparison = draw(st.sampled_from(COMPARISONS))
    value = {"agg": aggregate, "cmp": comparison}
    kind = Kind.DATE if aggregate in {"first", "last"} else Kind.COUNT
    if aggregate in {"sum", "avg", "min", "max"}:
        of = draw(st.sampled_from([f for f in LAYERS[name].values() if f.aggregated]))
        value["of"], kind = of.name, of.kind
    n = plain[kind]
    value["n"] = draw(two(n) if comparison in {"between", "notBetween"} else n)
    if draw(st.booleans()):
        value["window"] = draw(st.dictionaries(st.sampled_from(["from", "to"]), dates, max_size=2))
    if draw(st.booleans()):
        value["where"] = draw(groups(name, depth + 1))
    return value


@st.composite
def own(draw, field, depth):
    if field.kind is Kind.EVENT:
        return draw(event(field.name, depth))
    if field.kind is Kind.DISTANCE:
        return {"latitude": 52.5, "longitude": 13.4, "km": draw(st.sampled_from([1, 50.5, 150]))}
    if field.kind is Kind.MEMBERSHIP:
        return {"segment": str(OTHER_SEGMENT), "since": draw(dates)}
    kind = draw(st.sampled_from(["text", "number", "date", "flag"]))
    comparison = draw(st.sampled_from(COMPARISONS if kind in {"number", "date"} else ("=", "!=")))
    n = {
        "text": st.sampled_from(["blue", "7", "true"]),
        "number": st.sampled_from([7, 12.5, 0]),
        "date": dates,
        "flag": st.booleans(),
    }[kind]
    return {
        "key": draw(st.sampled_from(["facts.birth_date", "facts.size", "facts.loud"])),
        "type": kind,
        "cmp": comparison,
        "n": draw(two(n) if "etween" in comparison else n),
    }


@st.composite
def rules(draw, layer, depth, names=None):
    fields = [
        f
        for f in LAYERS[layer].values()
        if f.kind is not Kind.SEGMENT and not (f.kind is Kind.EVENT and depth > 2)
    ]
    fields = [f for f in fields if names is None or f.name in names]
    field = draw(st.sampled_from(fields))
    operators = [
        o for o in OPERATORS[field.kind].values() if layer == "customer" or o.shape not in RANKED
    ]
    operator = draw(st.sampled_from(operators))
    rule = {"field": field.name, "operator": operator.name, "value": None}
    if operator.shape in RANKED:
        rule["value"] = draw(rank(operator.shape, operator.name, depth))
    elif operator.shape is Shape.OWN:
        rule["value"] = draw(own(field, depth))
    elif operator.shape is not Shape.NOTHING:
        values = scalar(field)
        shaped = {
            Shape.ONE: values,
            Shape.TWO: two(values),
            Shape.MANY: st.lists(values, min_size=1, max_size=3),
        }
        rule["value"] = draw(shaped[operator.shape])
    return rule


@st.composite
def groups(draw, layer="customer", depth=1, fields=None):
    node = rules(layer, depth, fields)
    if depth < 4:
        node = st.one_of(node, node, node, groups(layer, depth + 1, fields))
    return {
        "combinator": draw(st.sampled_from(["and", "or"])),
        "not": draw(st.booleans()),
        "rules": draw(st.lists(node, min_size=1, max_size=3)),
    }
