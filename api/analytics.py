"""``/api/v1/analytics/*``: what was computed, with an ETag that changes with the computation and not before."""

from enum import StrEnum
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services.accounts import Identity
from xsight_core.services.documents import DocumentKey, document_key, document_parts

__all__ = ["handlers"]

DOCUMENT: Final = "overview"


class Analysis(StrEnum):
    """What can be asked for."""

    RFM = "rfm"
    COHORTS = "cohorts"
    CHURN = "churn"
    CLV = "clv"
    REVENUE = "revenue"


PARTS: Final = {
    Analysis.RFM: ("rfm",),
    Analysis.COHORTS: ("cohorts",),
    Analysis.CHURN: ("churn",),
    Analysis.CLV: ("clv",),
    Analysis.REVENUE: ("totals", "daily"),
}


class AnalysisView(msgspec.Struct):
    """An analysis, and which data and rules it comes from."""

    insight_run: str
    data_version: int
    rule_version: str
    computed_at: str
    shop: dict[str, Any]
    result: dict[str, Any]


@get("/api/v1/analytics/{analysis:str}", opt={"right": Right.READ}, tags=["Analytics"])
async def analysis(
    request: Request[Identity, Any, Any], resources: Wired, analysis: FromPath[Analysis]
) -> Response[AnalysisView | None]:
    """RFM segments, cohorts, churn, lifetime value or revenue by day. Send the ETag back to learn of changes only."""
    tenant_id = tenant_of(request)
    given = request.headers.get("if-none-match", "")
    if given:
        key = await document_key(resources.tenancy, tenant_id, DOCUMENT)
        if _etag(key) in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
            return Response(None, status_code=304, headers=_caching(key))
    about = ("rule_version", "computed_at", "shop")
    key, parts = await document_parts(
        resources.tenancy, tenant_id, DOCUMENT, (*about, *PARTS[analysis])
    )
    results = [parts[name] for name in PARTS[analysis]]
    body = AnalysisView(
        insight_run=str(key.insight_run),
        data_version=key.data_version,
        rule_version=parts["rule_version"],
        computed_at=parts["computed_at"],
        shop=parts["shop"],
        result=results[0]
        if len(results) == 1
        else dict(zip(PARTS[analysis], results, strict=True)),
    )
    return Response(body, headers=_caching(key))


def _etag(key: DocumentKey) -> str:
    return f'"{key.insight_run.hex}.{key.data_version}"'


def _caching(key: DocumentKey) -> dict[str, str]:
    return {"ETag": _etag(key), "Cache-Control": "private, no-cache", "Vary": "Cookie"}


handlers = [analysis]
