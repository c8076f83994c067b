"""What a notebook or a program may call, from its docstrings."""

import importlib
import inspect
from typing import Any, Final

__all__ = ["page"]

_MODULES: Final = {
    "xsight_core": "What a notebook imports.",
    "xsight_core.analytics": "Pure functions on a store's orders: no database, no clock, no tenant.",
    "xsight_core.clv": "Purchase and spend models, their choice, evidence and intervals.",
    "xsight_core.segments": "Rules about customers.",
}


def page() -> str:
    """Everything that the packages promise (``__all__``)."""
    lines = ["# Python", "", "Made from the docstrings of what `__all__` promises."]
    for name, words in _MODULES.items():
        module = importlib.import_module(name)
        lines += ["", f"## `{name}`", "", words]
        for each in sorted(module.__all__, key=str.lower):
            lines += _thing(each, getattr(module, each))
    return "\n".join(lines) + "\n"


def _thing(name: str, thing: Any) -> list[str]:
    if inspect.isclass(thing):
        lines = ["", f"### `{name}`", "", *_words(thing)]
        for attribute, member in vars(thing).items():
            if attribute.startswith("_"):
                continue
            if inspect.isfunction(member):
                lines += ["", f"#### `{name}.{attribute}{_signature(member)}`", "", *_words(member)]
            elif isinstance(member, property):
                lines += ["", f"#### `{name}.{attribute}`", "", *_words(member)]
        return lines
    if callable(thing):
        return ["", f"### `{name}{_signature(thing)}`", "", *_words(thing)]
    return ["", f"### `{name}`", "", f"A `{type(thing).__name__}`."]


def _signature(function: Any) -> str:
    try:
        said = str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(…)"
    return said.replace("(self, ", "(").replace("(self)", "()").replace("`", "'")


def _words(thing: Any) -> list[str]:
    said = inspect.getdoc(thing)
    return ["```text", said, "```"] if said else []
