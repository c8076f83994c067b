"""Cohorts: do customers come back, what are they worth over time, and does it depend on how they came."""

from xsight_ui.pages import cohort_panels as panels
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["COHORTS"]


def _panels(document: Document) -> dict[str, Spec]:
    cohorts = document["cohorts"]
    return {
        "heat": panels.heat(cohorts),
        "curves": panels.curves(cohorts),
        "parts": panels.parts(document["cuts"], cohorts),
    }


COHORTS = PageDef(
    key="cohorts",
    title="Cohorts",
    icon="M4 4h16v4H4zM4 10h12v4H4zM4 16h7v4H4z",
    document="cohorts",
    rows=(("full", ("heat",)), ("lead", ("curves", "parts"))),
    panels=_panels,
    over_time=False,
)
