"""What the analytics routes answer, by example: shown in the OpenAPI and at ``/api/docs``.

They stand in ``examples.json`` under the names of their types; a test reads each as its type.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from api.analysis_views import About

__all__ = ["EXAMPLES", "Examples"]


class Examples:
    """Examples of answers, read when first asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @cached_property
    def values(self) -> dict[str, Any]:
        """By the name of the type: what it says of itself, then ``result``."""
        return msgspec.json.decode(self._file.read_bytes())

    def of(self, kind: type[About]) -> dict[int, ResponseSpec]:
        """The answer 200 of a route with its example."""
        value = self.values["About"] | {"result": self.values[kind.__name__]}
        says = (kind.__doc__ or "").strip()
        example = Example(summary=says.partition("\n")[0], value=value)
        return {
            200: ResponseSpec(kind, generate_examples=False, description=says, examples=[example])
        }


EXAMPLES: Final = Examples(Path(__file__).with_name("examples.json"))
