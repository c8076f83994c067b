"""Pages as plain data.

A page's spec is JSON through and through: the server inlines it into the HTML, the browser paints it, and the live
widget holds the same spec as its state. Nothing here imports widgets, so a server can build one in a millisecond.
"""

from typing import Any

from xsight_ui.pages.churn import CHURN
from xsight_ui.pages.cohorts import COHORTS
from xsight_ui.pages.customer import CUSTOMER
from xsight_ui.pages.customers import CUSTOMERS
from xsight_ui.pages.definition import PageDef
from xsight_ui.pages.gallery import GALLERY
from xsight_ui.pages.orders import ORDERS
from xsight_ui.pages.overview import OVERVIEW
from xsight_ui.pages.products import PRODUCTS
from xsight_ui.pages.published import PUBLISHED
from xsight_ui.pages.rfm import RFM
from xsight_ui.pages.segments import SEGMENTS
from xsight_ui.pages.settings import SETTINGS
from xsight_ui.pages.sync import SYNC

__all__ = ["PAGES", "PageDef", "navigation"]

PAGES: dict[str, PageDef] = {
    page.key: page
    for page in (
        OVERVIEW,
        CUSTOMERS,
        CUSTOMER,
        ORDERS,
        PRODUCTS,
        RFM,
        COHORTS,
        CHURN,
        SEGMENTS,
        SYNC,
        SETTINGS,
        PUBLISHED,
        GALLERY,
    )
}


def navigation() -> list[dict[str, Any]]:
    """Entries of the frame's navigation, in their order; `tabs` are places on the page."""
    return [
        {
            "key": page.key,
            "title": page.title,
            "path": page.icon,
            "tabs": [[key, label] for key, label, _ in page.tabs],
        }
        for page in PAGES.values()
        if page.parent is None
    ]
