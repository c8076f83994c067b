"""Pages for people: landing, log-in, sign-up, connecting a store, log-out. Plain forms, no JavaScript."""

from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery, QueryParameter

from api.errors import TooManyAttempts
from api.forms import errors_of, fields_of, status_of, to_own_name
from api.origin import csrf_token
from api.redirects import DEFAULT_TARGET, own_path, see_other, url_with
from api.resources import Resources, Wired
from api.rights import Right
from api.sessions import log_in, log_out, sign_up
from api.views import render
from xsight_core.errors import Forbidden, InvalidInput, XsightError
from xsight_core.services import tenants
from xsight_core.services.accounts import Identity
from xsight_core.settings import Settings
from xsight_core.shopify.domain import parse_shop_domain

__all__ = ["handlers"]

PUBLIC: Final = {"right": Right.PUBLIC}
CONNECT: Final = {"right": Right.CONNECT}

AnyRequest = Request[Any, Any, Any]
UserRequest = Request[Identity, Any, Any]
NextParam = Annotated[str | None, QueryParameter(name="next", max_length=2000)]


@get("/", opt=PUBLIC, sync_to_thread=False)
def landing() -> Response[str]:
    """What XSight is."""
    return render("landing.html")


@get("/privacy", opt=PUBLIC, sync_to_thread=False)
def privacy() -> Response[str]:
    """What is stored, why, and for how long."""
    return render("privacy.html")


@get("/terms", opt=PUBLIC, sync_to_thread=False)
def terms() -> Response[str]:
    """On what terms."""
    return render("terms.html")


@get("/login", opt=PUBLIC, sync_to_thread=False)
def login_form(
    resources: Wired, target: NextParam = None, out: FromQuery[str | None] = None
) -> Response[str]:
    """The log-in form."""
    return _login(resources, target=target, notice="You are logged out." if out else "")


@post("/login", opt=PUBLIC)
async def login(request: AnyRequest, resources: Wired) -> Response[Any]:
    """Log in and go on to where the person wanted to go."""
    form = await fields_of(request, "email", "password", "next")
    try:
        cookies = await log_in(request, resources, form["email"], form["password"])
    except (Forbidden, InvalidInput, TooManyAttempts) as error:
        return _login(resources, target=form["next"], email=form["email"], error=error)
    return see_other(own_path(form["next"]), cookies=cookies)


@get("/signup", opt=PUBLIC, sync_to_thread=False)
def signup_form() -> Response[str]:
    """The sign-up form."""
    return _signup(dict.fromkeys(("name", "company", "email"), ""))


@post("/signup", opt=PUBLIC)
async def signup(request: AnyRequest, resources: Wired) -> Response[Any]:
    """Create the account, then connect a store."""
    form = await fields_of(request, "name", "company", "email", "password")
    try:
        cookies = await sign_up(request, resources, **form)
    except XsightError as error:
        return _signup(form, error)
    return see_other("/connect", cookies=cookies)


@get("/connect", opt=CONNECT)
async def connect_form(request: UserRequest, resources: Wired) -> Response[str]:
    """Asks for the shop's address, or says which shop is connected."""
    return await _connect(request, resources)


@post("/connect", opt=CONNECT)
async def connect(request: UserRequest, resources: Wired) -> Response[Any]:
    """Start the connection with a shop whose address makes sense."""
    form = await fields_of(request, "shop")
    try:
        shop = parse_shop_domain(form["shop"])
    except InvalidInput as error:
        return await _connect(request, resources, form["shop"], error)
    return see_other(url_with("/auth", shop=shop))


@get("/logout", opt=PUBLIC, sync_to_thread=False)
def logout_link() -> Response[None]:
    """No session's cookie reaches this address; the one that ends it is below ``/auth``."""
    return see_other("/auth/logout")


@get("/auth/logout", opt={"right": Right.USER})
async def logout_page(request: UserRequest, resources: Wired) -> Response[Any]:
    """Log out who comes from our own pages; ask others: a foreign link must not log anybody out."""
    if request.headers.get("sec-fetch-site") == "same-origin":
        return await _leave(request, resources)
    return render("logout.html", csrf=csrf_token(request))


@post("/auth/logout", opt={"right": Right.USER})
async def logout(request: UserRequest, resources: Wired) -> Response[None]:
    """The answer to the question."""
    return await _leave(request, resources)


async def _leave(request: UserRequest, resources: Resources) -> Response[None]:
    """End the session here, then at the Hub, which sends the browser back to the log-in page."""
    cookies = await log_out(resources, request.user)
    return see_other(await resources.hub.way_out(), cookies=cookies)


def _login(
    resources: Resources,
    *,
    target: str | None,
    email: str = "",
    error: XsightError | None = None,
    notice: str = "",
) -> Response[str]:
    status = status_of(error)
    external = resources.settings.login_name if resources.external else ""
    next_path = own_path(target)
    return render(
        "login.html",
        status=status,
        errors=errors_of(error),
        email=email,
        notice=notice,
        next=next_path if next_path != DEFAULT_TARGET else "",
        external=external,
    )


def _signup(form: dict[str, str], error: XsightError | None = None) -> Response[str]:
    return render("signup.html", status=status_of(error), errors=errors_of(error), form=form)


async def _connect(
    request: UserRequest, resources: Resources, shop: str = "", error: XsightError | None = None
) -> Response[str]:
    identity = request.user
    if identity.tenant_id is None:
        raise Forbidden("This account has no store; sign up again or ask for an invitation.")
    state = await tenants.tenant_state(resources.tenancy, identity.tenant_id)
    return render(
        "connect.html",
        status=status_of(error),
        form_targets=_shopify_origins(resources.settings),
        errors=errors_of(error),
        shop=shop,
        suggestions=[name for name in resources.settings.demo_shops.split(",") if name],
        state=state,
        identity=identity,
        csrf=csrf_token(request),
    )


def _shopify_origins(settings: Settings) -> str:
    """Where the form's redirect may lead: a browser's ``form-action`` looks at redirects too."""
    parts = urlsplit(settings.shopify_url_template.replace("{shop}", "shop"))
    return (
        f"{parts.scheme}://*.myshopify.com"
        if parts.netloc == "shop"
        else f"{parts.scheme}://{parts.netloc}"
    )


handlers = [
    Router(
        "/",
        route_handlers=[
            landing,
            privacy,
            terms,
            login_form,
            login,
            signup_form,
            signup,
            connect_form,
            connect,
            logout_link,
            logout_page,
            logout,
        ],
        before_request=to_own_name,
        include_in_schema=False,
    )
]
