"""What pages with forms share: fields in, faults beside them, and the installation's one name."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response

from api.errors import TooManyAttempts
from api.redirects import here, see_other
from api.resources import resources_of
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound, XsightError

__all__ = ["FAULTS", "errors_of", "fields_of", "status_of", "to_own_name"]

FAULTS: Final = (Conflict, Forbidden, InvalidInput, NotFound, TooManyAttempts)
"""What a person can do something about: shown in the form, not instead of it."""

LONGEST: Final = 2000


async def fields_of(request: Request[Any, Any, Any], *names: str) -> dict[str, str]:
    """A form's fields as text; what is missing or is a file is empty."""
    form = await request.form()
    values = {name: form.get(name) for name in names}
    texts = {
        name: value[:LONGEST] if isinstance(value, str) else "" for name, value in values.items()
    }
    typed = {"password", "current"}
    return {name: text if name in typed else text.strip() for name, text in texts.items()}


def errors_of(error: XsightError | None) -> dict[str, str]:
    """The message under the name of its field; ``form`` is for the whole."""
    return {getattr(error, "field", None) or "form": str(error)} if error else {}


def status_of(error: XsightError | None) -> int:
    """Of the page that shows the error."""
    if error is None:
        return HTTPStatus.OK
    return (
        HTTPStatus.TOO_MANY_REQUESTS
        if isinstance(error, TooManyAttempts)
        else HTTPStatus.UNPROCESSABLE_ENTITY
    )


async def to_own_name(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Who typed ``localhost`` is sent to the address of this installation: forms are taken from there only."""
    public = urlsplit(resources_of(request.app).settings.public_url)
    asked, _, port = request.headers.get("host", "").rpartition(":")
    is_alias = {asked, public.hostname} == {"localhost", "127.0.0.1"} and port == str(public.port)
    if request.method != "GET" or not is_alias:
        return None
    return see_other(f"{public.scheme}://{public.netloc}{here(request)}")
