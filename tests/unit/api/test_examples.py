"""Every analytics route shows an example in the OpenAPI, and each example is what the route could answer."""

import msgspec
import pytest

from api import analysis_views, cohorts, metrics, pattern_views, patterns
from api.analysis_views import About
from api.examples import EXAMPLES

KINDS = {
    name: kind
    for module in (analysis_views, pattern_views, metrics)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, About) and kind is not About
}


def test_there_is_one_for_each_answer() -> None:
    assert set(EXAMPLES.values) == {"About", *KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_examples_are_answers(name) -> None:
    (spec,) = EXAMPLES.of(KINDS[name]).values()
    (example,) = spec.examples
    read = msgspec.convert(example.value, KINDS[name])
    assert msgspec.to_builtins(read) == example.value


def test_routes_show_them() -> None:
    for handler in (*cohorts.handlers, *patterns.handlers):
        assert handler.responses[200].examples, handler
