"""A store's own colour, made fit for both themes: what is written on it or in it stays readable (WCAG AA)."""

import re
from typing import Final

__all__ = ["READABLE", "contrast", "darker", "palette", "parse_colour"]

READABLE: Final = 4.5
"""Contrast that text needs with its ground (WCAG 2.2, 1.4.3)."""

_WHITE: Final = (255, 255, 255)
_DARK_CARD: Final = (17, 24, 39)  # --card and --bg of the dark theme
_DARK_GROUND: Final = (10, 14, 24)
_LINEAR_UP_TO: Final = 0.04045

Colour = tuple[int, int, int]


def parse_colour(text: str) -> Colour | None:
    """Of ``#2451e6``; None where it is written otherwise."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return None
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def contrast(a: Colour, b: Colour) -> float:
    """From 1 (the same) to 21 (black on white), as WCAG defines it.

    >>> round(contrast((0, 0, 0), (255, 255, 255)), 2)
    21.0
    >>> round(contrast((0x77, 0x77, 0x77), (255, 255, 255)), 2)
    4.48
    """
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def darker(colour: Colour) -> str:
    """The nearest shade on which white text can be read, as ``#rrggbb``; the colour itself where it is dark enough."""
    return _written(_towards(colour, (0, 0, 0), _WHITE))


def palette(accent: str) -> dict[str, dict[str, str]]:
    """Style properties by theme, of a colour that passes `darker` unchanged."""
    colour = parse_colour(accent)
    if colour is None:
        return {}
    light = _towards(colour, (0, 0, 0), _WHITE)
    bright = _towards(light, _WHITE, _DARK_CARD)
    return {
        "light": {
            "--accent": _written(light),
            "--accent-soft": _written(_mixed(light, _WHITE, 0.9)),
            "--accent-ink": _written(_towards(light, (0, 0, 0), _mixed(light, _WHITE, 0.9))),
            "--on-accent": "#ffffff",
        },
        "dark": {
            "--accent": _written(bright),
            "--accent-soft": _written(_mixed(bright, _DARK_CARD, 0.8)),
            "--accent-ink": _written(_towards(bright, _WHITE, _mixed(bright, _DARK_CARD, 0.8))),
            "--on-accent": _written(_DARK_GROUND),
        },
    }


def _towards(colour: Colour, end: Colour, ground: Colour) -> Colour:
    """The colour, mixed with ``end`` in steps until text of it can be read on ``ground``."""
    for step in range(101):
        mixed = _mixed(colour, end, step / 100)
        if contrast(mixed, ground) >= READABLE:
            return mixed
    return end


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4


def _written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
