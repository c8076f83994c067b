"""``/api/v1/tenants/me/branding*``: how the store's pages and reports look."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, patch
from litestar.params import JSONBody, QueryParameter

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.services import branding
from xsight_core.services.accounts import Identity
from xsight_core.services.branding import Look
from xsight_ui.brand import darker, palette, parse_colour

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
STORE: Final = {"right": Right.STORE}
Png = Annotated[
    bytes, msgspec.Meta(max_length=90_000, description="A PNG of at most 512 by 512, as base64.")
]


class BrandingChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change; what is left out stays, null takes it away."""

    name: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType | None = msgspec.UNSET
    accent: Annotated[str, msgspec.Meta(max_length=20)] | msgspec.UnsetType | None = msgspec.UNSET
    logo: Png | msgspec.UnsetType | None = msgspec.UNSET


class BrandingView(msgspec.Struct):
    """The store's choices. ``palette``: what follows from the colour, by theme; ``logo_version`` null: no picture."""

    name: str | None
    accent: str | None
    logo_version: str | None
    palette: dict[str, dict[str, str]]


@get("/api/v1/tenants/me/branding", opt=READ, tags=["Store"])
async def branding_view(request: UserRequest, resources: Wired) -> BrandingView:
    """Name, colour and picture of the store's pages."""
    return _view(await branding.read_branding(resources.tenancy, tenant_of(request)))


@patch("/api/v1/tenants/me/branding", opt=STORE, tags=["Store"])
async def change_branding(
    request: UserRequest, resources: Wired, data: JSONBody[BrandingChange]
) -> BrandingView:
    """Change them. White text has to be readable on the colour: a refusal names the nearest shade that is."""
    changes = {
        key: value
        for key, value in msgspec.structs.asdict(data).items()
        if value is not msgspec.UNSET
    }
    if changes.get("accent"):
        changes["accent"] = _readable(changes["accent"])
    return _view(
        await branding.change_branding(
            resources.tenancy, tenant_of(request), actor_of(request), changes
        )
    )


@get("/api/v1/tenants/me/branding/logo", opt=READ, tags=["Store"], media_type="image/png")
async def branding_logo(
    request: UserRequest,
    resources: Wired,
    v: Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{12}$")] = None,
) -> Response[bytes]:
    """The picture; of version `v`, so that a page never shows another store's."""
    look = await branding.read_branding(resources.tenancy, tenant_of(request))
    if look.logo is None or v not in {None, look.logo_version}:
        raise NotFound("This store has no picture.")
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(look.logo, media_type="image/png", headers=headers)


def _readable(accent: str) -> str:
    colour = parse_colour(accent.strip())
    if colour is None:
        raise InvalidInput("accent", "Write a colour as #2451e6.")
    if (fit := darker(colour)) != accent.strip().lower():
        raise InvalidInput("accent", f"White text cannot be read on {accent}; {fit} is near.")
    return fit


def _view(look: Look) -> BrandingView:
    shades = palette(look.accent) if look.accent else {}
    return BrandingView(look.name, look.accent, look.logo_version, shades)


handlers = [branding_view, change_branding, branding_logo]
