"""``/api/v1/audit*``: what was done in the store one looks at."""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import Stream

from api.parameters import Cursor, Limit
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from api.trail import note
from xsight_core.services import audit
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import AuditFilter, AuditPage

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
AUDIT: Final = {"right": Right.AUDIT}
Word = Annotated[str | None, QueryParameter(pattern=r"^[\w.@:-]{1,80}$")]
Time = Annotated[
    datetime | None, QueryParameter(description="With its zone, as 2026-11-22T10:00:00Z.")
]


@get("/api/v1/audit", opt=AUDIT, tags=["Audit"])
async def audit_list(
    request: UserRequest,
    resources: Wired,
    action: Word = None,
    actor: Word = None,
    since: Time = None,
    until: Time = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AuditPage:
    """Events, the newest first. An `action` that ends with a dot asks for all that begin so: `member.`."""
    which = AuditFilter(action, actor, since, until)
    return await audit.list_events(
        resources.tenancy, tenant_of(request), which, cursor=cursor, limit=limit
    )


@get("/api/v1/audit/export", opt=AUDIT, tags=["Audit"], media_type="application/jsonl")
async def audit_export(request: UserRequest, resources: Wired) -> Stream:
    """The whole chain as JSON lines, oldest first; `xsight audit verify --file` checks it anywhere."""
    tenant_id = tenant_of(request)
    await note(request, resources, "audit.exported", tenant_id=tenant_id)
    return Stream(
        audit.export_events(resources.tenancy, tenant_id),
        media_type="application/jsonl",
        headers={
            "Content-Disposition": f'attachment; filename="audit-{request.user.slug}.jsonl"',
            "Cache-Control": "no-store",
        },
    )


handlers = [audit_list, audit_export]
