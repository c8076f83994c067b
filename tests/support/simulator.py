"""The simulated Shopify, over HTTP on a free port."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Sim:
    url_template: str
    client_id: str
    client_secret: str


@pytest.fixture
def sim() -> Sim:
    raise NotImplementedError
