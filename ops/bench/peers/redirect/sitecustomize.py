"""Runs at the start of a peer's Python: requests to ``*.myshopify.com`` go to the simulator, the name stays in Host.

Nothing of the connector is changed, and what costs it time at Shopify (TLS) it is spared.
"""

# ruff: noqa: INP001, ANN001, ANN003, ANN202 - Python looks for this name on its path
# pyright: reportAttributeAccessIssue=false, reportMissingModuleSource=false
import http.client
import os
import socket
from urllib.parse import urlsplit, urlunsplit

try:
    from requests.adapters import HTTPAdapter
except ImportError:  # an environment without it asks nobody that way
    HTTPAdapter = None


def _sent(send, simulator):
    """For requests."""

    def sent(self, request, **options):
        parts = urlsplit(request.url)
        if (parts.hostname or "").endswith(".myshopify.com"):
            request.headers["Host"] = parts.hostname
            request.url = simulator + urlunsplit(("", "", parts.path, parts.query, ""))
        return send(self, request, **options)

    return sent


def _connected(connect, simulator):
    """For urllib."""
    there = urlsplit(simulator)

    def connected(self):
        if not self.host.endswith(".myshopify.com"):
            return connect(self)
        self.sock = socket.create_connection((there.hostname, there.port), self.timeout)
        return None

    return connected


_SIMULATOR = os.environ.get("XSIGHT_PEER_SIMULATOR")
if _SIMULATOR:
    http.client.HTTPSConnection.connect = _connected(
        http.client.HTTPSConnection.connect, _SIMULATOR
    )
    if HTTPAdapter is not None:
        HTTPAdapter.send = _sent(HTTPAdapter.send, _SIMULATOR)
