"""lifetimes, imported with the one warning it gives; never its datasets or plotting, which are broken."""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="The 'mode.chained_assignment' option is deprecated")
    import lifetimes

__all__ = ["lifetimes"]
