"""CDNOW as purchase summaries, read from the file inside the lifetimes distribution."""

from datetime import date
from importlib.metadata import files

import numpy as np

from xsight_core.clv import PurchaseSummary, purchase_summary

EPOCH = date(1970, 1, 1)
CALIBRATION_END = (date(1997, 9, 30) - EPOCH).days


def lines(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, day, cents of every transaction."""
    (path,) = (file for file in files("lifetimes") or () if file.name == name)
    words = [line.split() for line in path.read_text().splitlines() if line.split()[0].isdigit()]
    day = [(date(int(w[-3][:4]), int(w[-3][4:6]), int(w[-3][6:])) - EPOCH).days for w in words]
    who = [int(w[-4]) for w in words]
    return np.array(who), np.array(day), np.array([round(float(w[-1]) * 100) for w in words])


def calibration(name: str) -> PurchaseSummary:
    return purchase_summary(*lines(name), CALIBRATION_END)
