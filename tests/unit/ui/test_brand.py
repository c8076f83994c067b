"""A store's colour: readable in both themes, whatever was chosen."""

from hypothesis import given
from hypothesis import strategies as st

from xsight_ui.brand import READABLE, contrast, darker, palette, parse_colour

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))
CARDS = {"light": "#ffffff", "dark": "#111827"}


def ratio(a: str, b: str) -> float:
    return contrast(parse_colour(a), parse_colour(b))


@given(COLOURS)
def test_text_is_readable_on_it_and_in_it(colour) -> None:
    fit = darker(parse_colour(colour))
    assert darker(parse_colour(fit)) == fit
    for theme, shades in palette(fit).items():
        assert ratio(shades["--on-accent"], shades["--accent"]) >= READABLE
        assert ratio(shades["--accent"], CARDS[theme]) >= READABLE
        assert ratio(shades["--accent-ink"], shades["--accent-soft"]) >= READABLE


def test_it_is_what_the_standard_says() -> None:
    assert round(ratio("#0000ff", "#ffffff"), 2) == 8.59
    assert round(ratio("#767676", "#ffffff"), 2) == 4.54
    assert parse_colour("red") is parse_colour("#12345") is None
    assert palette("") == {}
    assert palette("#2451e6")["light"]["--accent"] == "#2451e6"
