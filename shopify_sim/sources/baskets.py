"""What is in an order: products by popularity and group, one planted rule, lines that add up to the order."""

from dataclasses import dataclass

import numpy as np

from shopify_sim.tables import Catalogue, Column, Variant

__all__ = ["Baskets", "catalogue", "fill"]

PRODUCTS, GROUPS = 120, 12
ZIPF, SAME_GROUP = 0.9, 0.55
PAIR_RATE = 0.35  # an order led by product 0 also holds product 1 this often: a rule to be found
LONG_ORDER = 60  # lines of the few long orders: more than one page of lines
SIZES = ("Small", "Large")
THINGS = [
    "Watering can",
    "Trowel",
    "Lantern",
    "Bird bath",
    "Herb box",
    "Rake",
    "Garden gloves",
    "Seed mix",
    "Plant stand",
    "Hose",
    "Compost bin",
    "Stool",
]
KINDS = [
    "Watering",
    "Tools",
    "Light",
    "Animals",
    "Herbs",
    "Tools for soil",
    "Clothing",
    "Seeds",
    "Furniture",
    "Hoses",
    "Soil",
    "Seats",
]
COLOURS = ["Moss", "Sky", "Sand", "Clay", "Snow", "Slate", "Rose", "Olive", "Plum", "Amber"]


def catalogue(draw: np.random.Generator, created: int) -> Catalogue:
    """Products with two variants each."""
    titles = [
        f"{THINGS[n % GROUPS]} {COLOURS[n // GROUPS % len(COLOURS)]}" for n in range(PRODUCTS)
    ]
    prices = draw.integers(5, 90, PRODUCTS) * 100 - 5
    variants = [
        Variant(
            n, size, f"GRD-{n:03d}-{size[0]}", int(prices[n]) * (1 + place), int(prices[n]) // 2
        )
        for n in range(PRODUCTS)
        for place, size in enumerate(SIZES)
    ]
    return Catalogue(titles, [KINDS[n % GROUPS] for n in range(PRODUCTS)], variants, created)


@dataclass(frozen=True)
class Baskets:
    """Lines of all orders, in order."""

    lines: dict[str, Column]
    first: Column
    last: Column
    gross: Column
    discount: Column


def fill(draw: np.random.Generator, cents: Column, percent: Column) -> Baskets:
    """Split every order's worth into lines; ``percent`` is its discount."""
    count = len(cents)
    sizes = 1 + np.minimum(draw.geometric(0.55, count) - 1, 19)
    sizes[draw.random(count) < 1 / 4000] = LONG_ORDER
    last = np.cumsum(sizes)
    first, total = last - sizes, int(last[-1]) if count else 0
    order = np.repeat(np.arange(count), sizes)
    product = _products(draw, order, first, sizes, total)
    quantity = draw.choice(np.array([1, 2, 3]), total, p=[0.85, 0.11, 0.04])
    weight = draw.gamma(4, 1, total) * quantity
    share = weight / np.add.reduceat(weight, first)[order] if total else weight
    unit = np.maximum(1, (cents[order] * share / quantity).astype(np.int64))
    discount = unit * quantity * percent[order] // 100
    lines = {
        "order": order,
        "number": np.arange(total),
        "variant": product * len(SIZES) + draw.integers(0, len(SIZES), total),
        "quantity": quantity,
        "current": quantity,
        "unit": unit,
        "discount": discount,
    }
    gross = np.add.reduceat(unit * quantity, first)
    return Baskets(lines, first, last, gross, np.add.reduceat(discount, first))


def _products(
    draw: np.random.Generator, order: Column, first: Column, sizes: Column, total: int
) -> Column:
    popularity = 1 / np.arange(1, PRODUCTS + 1) ** ZIPF
    product = draw.choice(PRODUCTS, total, p=popularity / popularity.sum())
    lead = product[first[order]]
    follows = (np.arange(total) != first[order]) & (draw.random(total) < SAME_GROUP)
    for group in range(GROUPS):
        chosen = np.flatnonzero(follows & (lead % GROUPS == group))
        members = np.arange(group, PRODUCTS, GROUPS)
        worth = popularity[members] / popularity[members].sum()
        product[chosen] = draw.choice(members, len(chosen), p=worth)
    paired = (sizes > 1) & (product[first] == 0) & (draw.random(len(first)) < PAIR_RATE)
    product[first[paired] + 1] = 1
    return product
