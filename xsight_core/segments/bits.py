"""Sets of customers as one bit each, by ordinal: how membership and arms are stored."""

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.segments.columns import Mask

__all__ = ["packed", "unpacked"]


def packed(mask: Mask) -> bytes:
    """The lowest bit of a byte first, as PostgreSQL's ``get_bit`` counts; no zero bytes at the end.

    >>> packed(np.array([True, False, False, True] + [False] * 60)).hex()
    '09'
    """
    return np.packbits(mask, bitorder="little").tobytes().rstrip(b"\0")


def unpacked(bits: bytes, size: int) -> Mask:
    """Again a mask, of ``size`` customers at least.

    >>> unpacked(bytes([9]), 5).tolist()
    [True, False, False, True, False]
    """
    read: Int = np.frombuffer(bits, np.uint8)
    mask = np.unpackbits(read, bitorder="little").astype(np.bool_)
    if len(mask) < size:
        return np.r_[mask, np.zeros(size - len(mask), np.bool_)]
    last = int(np.flatnonzero(mask)[-1]) + 1 if mask.any() else 0
    return mask[: max(size, last)]
