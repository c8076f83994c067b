"""The REST API from Python: every route that a token opens is a method, typed by the OpenAPI document.

    from xsight_core.client import Client

    with Client("https://xsight.example", token) as api:
        api.start_sync()
        for customer in api.every(api.customer_list, segment="champions", sort="-net"):
            ...
        api.export_to("champions.parquet", kind="customers", filters={"segment": "champions"})

``operations.py`` is generated: ``python -m ops.client`` writes it anew after a route has changed.
"""

from xsight_core.client.client import Client
from xsight_core.client.transport import ApiError

__all__ = ["ApiError", "Client"]
