"""``/api/v1/exports*``: files of rows, made by a worker."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import File

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.db.exports import FORMATS
from xsight_core.services import exports
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import record
from xsight_core.services.export_kinds import EXPORTS
from xsight_core.services.exports import ExportView, ExportWish

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
OWN: Final = {"right": Right.EXPORT}
MEDIA_TYPES: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportColumn(msgspec.Struct, frozen=True):
    """A column; ``personal`` ones are left out unless they are asked for by who may see them."""

    name: str
    kind: str
    personal: bool


class KindView(msgspec.Struct, frozen=True):
    """What can be exported; ``filters`` is the JSON schema of its filters."""

    name: str
    title: str
    columns: list[ExportColumn]
    filters: dict[str, Any]


class Kinds(msgspec.Struct, frozen=True):
    """Everything that can be exported, and as what."""

    kinds: list[KindView]
    formats: list[str]


class LinkedExport(ExportView, frozen=True):
    """An export and, while its file is there, a link that is good for ten minutes."""

    download_url: str | None = None


class Exports(msgspec.Struct, frozen=True):
    """Exports, the newest first."""

    exports: list[ExportView]


@get("/api/v1/exports/kinds", opt=OWN, tags=["Exports"], sync_to_thread=False)
def export_kinds() -> Kinds:
    """What can be exported, with its columns and filters."""
    kinds = [
        KindView(
            kind.name,
            kind.title,
            [ExportColumn(column.name, column.kind, column.personal) for column in kind.columns],
            _schema(kind.filters),
        )
        for kind in EXPORTS.values()
    ]
    return Kinds(kinds, list(FORMATS))


@get("/api/v1/exports", opt=OWN, tags=["Exports"])
async def export_list(request: UserRequest, resources: Wired) -> Exports:
    """The store's newest hundred."""
    return Exports(await exports.list_exports(resources.tenancy, tenant_of(request)))


@post("/api/v1/exports", status_code=202, opt=OWN, tags=["Exports"])
async def start_export(
    request: UserRequest, resources: Wired, data: JSONBody[ExportWish]
) -> LinkedExport:
    """Make a file of rows; ask for it by its id until it is `done`. It is removed a day later."""
    found, job = await exports.request_export(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        user_id=request.user.user_id,
        wish=data,
        pii=request.user.pii,
    )
    await resources.doorbell.ring(job)
    return _linked(request, resources, found)


@get("/api/v1/exports/{export_id:uuid}", opt=OWN, tags=["Exports"])
async def export(request: UserRequest, resources: Wired, export_id: FromPath[UUID]) -> LinkedExport:
    """One export; `download_url` is there when it is done, for who may see what is in it."""
    found = await exports.read_export(resources.tenancy, tenant_of(request), export_id)
    return _linked(request, resources, found)


@delete("/api/v1/exports/{export_id:uuid}", opt=OWN, tags=["Exports"])
async def remove_export(request: UserRequest, resources: Wired, export_id: FromPath[UUID]) -> None:
    """Take it back, and its file."""
    await exports.remove_export(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        export_id,
        resources.settings.home,
    )


@get(
    "/api/v1/exports/{export_id:uuid}/file",
    opt={"right": Right.PUBLIC},
    tags=["Exports"],
    security=[],
)
async def export_file(
    request: Request[Any, Any, Any],
    resources: Wired,
    export_id: FromPath[UUID],
    store: Annotated[UUID, QueryParameter(description="Of the link.")],
    ticket: Annotated[str, QueryParameter(max_length=1000, description="Of the link.")],
) -> Response[Any]:
    """The file, to whoever has the link: it needs no log-in, so that programs can fetch it."""
    home = resources.settings.home
    found = await exports.open_link(
        resources.tenancy, resources.keyring, store, export_id, ticket, home
    )
    async with resources.tenancy.scope(store) as session:
        await record(
            session,
            store,
            actor_of(request, user_id=found.user_id),
            "export.downloaded",
            object=str(export_id),
            rows_seen=found.rows,
        )
    return File(
        found.path,
        filename=found.name,
        media_type=MEDIA_TYPES[found.form],
        headers={"Cache-Control": "private, no-store"},
    )


def _linked(request: UserRequest, resources: Wired, found: ExportView) -> LinkedExport:
    open_to = found.status == "done" and (request.user.pii or not found.personal)
    link = None
    if open_to:
        tenant_id = tenant_of(request)
        ticket = exports.new_link(resources.keyring, tenant_id, found.id, request.user.user_id)
        public_url = resources.settings.public_url
        link = f"{public_url}/api/v1/exports/{found.id}/file?store={tenant_id}&ticket={ticket}"
    return LinkedExport(**msgspec.structs.asdict(found), download_url=link)


def _schema(filters: type[msgspec.Struct]) -> dict[str, Any]:
    (_,), components = msgspec.json.schema_components([filters])
    return components[filters.__name__]


handlers = [export_kinds, export_list, start_export, export, remove_export, export_file]
