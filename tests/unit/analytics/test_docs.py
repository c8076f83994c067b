"""The examples in the docstrings of the pure packages are true."""

import doctest
import importlib
import pkgutil

import pytest

from xsight_core import analytics, clv

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (analytics, clv)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")})
    assert result.failed == 0


def test_there_are_examples():
    found = [
        t
        for name in MODULES
        for t in doctest.DocTestFinder().find(importlib.import_module(name))
        if t.examples
    ]
    assert len(found) >= 7
