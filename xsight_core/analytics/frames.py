# pyright: reportMissingTypeStubs=false
"""pandas, imported with the first frame: most of what runs never makes one, and need not carry it."""

from typing import TYPE_CHECKING, Any

__all__ = ["pd"]

if TYPE_CHECKING:
    import pandas as pd
else:

    class _Later:
        def __getattr__(self, name: str) -> Any:
            import pandas  # noqa: ICN001, PLC0415 - that is the point

            return getattr(pandas, name)

    pd = _Later()
