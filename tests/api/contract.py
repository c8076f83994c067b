"""Every route, asked what its OpenAPI description allows and what it does not, and its answers held against it."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import SkipTest

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LEFT_OUT = {
    "login",
    "logout",
    "logout_everywhere",
    "signup",
    "switch_tenant",
}  # they change who asks


@dataclass
class Tally:
    """What came of it."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def hold(
    document: dict[str, Any], url: str, headers: dict[str, str], *, each: int, start: int
) -> Tally:
    """So many good and so many bad requests of each operation; ``start`` is the seed.

    With ``each`` 0 it is one of each operation, by turns a good and a bad one.
    """
    schema = schemathesis.openapi.from_dict(document)
    tally = Tally()
    for turn, result in enumerate(schema.get_all_operations()):
        operation = result.ok()
        if operation.definition.raw.get("operationId") in LEFT_OUT:
            continue
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for mode in modes if each else modes[turn % 2 :][:1]:
            _hold_one(operation, mode, tally, headers, url, max(1, each), start)
    return tally


def _hold_one(operation, mode, tally, headers, url, each, start) -> None:
    @seed(start)
    @settings(
        max_examples=each,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case) -> None:
        tally.asked += 1
        answer = case.call(base_url=url, headers=headers)
        tally.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS, headers=headers)
        except (AssertionError, BaseExceptionGroup) as error:
            causes = getattr(error, "exceptions", [error])
            says = "; ".join(str(cause).split("\n\n")[0][:300] for cause in causes)
            tally.broken.append(
                f"{operation.label} {mode.value} {answer.status_code}: {says} {answer.text[:200]}"
            )

    with suppress(Unsatisfiable, SkipTest):  # not every operation can be asked wrongly
        ask()
