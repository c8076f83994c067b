"""``/api/v1/alerts*``: bounds on metrics, and when they were passed."""

from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody

from api.actors import actor_of
from api.parameters import Limit
from api.resources import Wired
from api.rights import Right
from api.sessions import ring
from api.stores import tenant_of
from xsight_core.services import alerts
from xsight_core.services.accounts import Identity
from xsight_core.services.alerts import AlertEventView, AlertView, AlertWish

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
STORE: Final = {"right": Right.STORE}


class Test(StrEnum):
    """Of the value itself, or of its change against the days it is compared with."""

    ABOVE = "above"
    BELOW = "below"
    RISES = "rises"
    FALLS = "falls"


class Against(StrEnum):
    """As many days just before, or the same dates a year ago."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """A rule. ``bound``: in the metric's unit (money in minor units, ratios as 0.05); of rises and falls a share.

    It looks at the last ``days`` whole days, and says nothing while they, or those before, have fewer than
    ``least_orders`` orders. ``mail_to``: members' ids; ``tell_hooks``: every outgoing webhook of the store too.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    metric: Annotated[str, msgspec.Meta(max_length=60)]
    test: Test
    bound: float
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7
    against: Against | None = None
    least_orders: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 20
    mail_to: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    tell_hooks: bool = False

    def checked(self) -> AlertWish:
        """As the service takes it."""
        relative = self.test in {Test.RISES, Test.FALLS}
        against = self.against or (Against.PREVIOUS_PERIOD if relative else None)
        return AlertWish(
            name=self.name,
            metric=self.metric,
            test=self.test.value,
            bound=self.bound,
            days=self.days,
            against=against.value if against else None,
            least_orders=self.least_orders,
            mail_to=self.mail_to,
            tell_hooks=self.tell_hooks,
        )


class Alerts(msgspec.Struct):
    """The store's rules, and how many fire."""

    items: list[AlertView]
    firing: int


class AlertEvents(msgspec.Struct):
    """When a rule began to fire and came to rest, the newest first."""

    items: list[AlertEventView]


@get("/api/v1/alerts", opt=READ, tags=["Alerts"])
async def alert_list(request: UserRequest, resources: Wired) -> Alerts:
    """Every rule and how it stands."""
    found = await alerts.list_alerts(resources.tenancy, tenant_of(request))
    return Alerts(found, sum(one.state == "firing" for one in found))


@post("/api/v1/alerts", opt=STORE, tags=["Alerts"])
async def create_alert(request: UserRequest, resources: Wired, data: JSONBody[Wish]) -> AlertView:
    """A new rule; it is judged at once, and then after every computation."""
    made, job = await alerts.add_alert(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        data.checked(),
        by=request.user.user_id,
    )
    await ring(resources, job)
    return made


@put("/api/v1/alerts/{alert_id:uuid}", opt=STORE, tags=["Alerts"])
async def replace_alert(
    request: UserRequest, resources: Wired, alert_id: FromPath[UUID], data: JSONBody[Wish]
) -> AlertView:
    """Another rule in its place; it is judged anew."""
    changed, job = await alerts.change_alert(
        resources.tenancy, tenant_of(request), actor_of(request), alert_id, data.checked()
    )
    await ring(resources, job)
    return changed


@delete("/api/v1/alerts/{alert_id:uuid}", opt=STORE, tags=["Alerts"])
async def remove_alert(request: UserRequest, resources: Wired, alert_id: FromPath[UUID]) -> None:
    """With its history."""
    await alerts.remove_alert(resources.tenancy, tenant_of(request), actor_of(request), alert_id)


@get("/api/v1/alerts/{alert_id:uuid}/events", opt=READ, tags=["Alerts"])
async def alert_history(
    request: UserRequest, resources: Wired, alert_id: FromPath[UUID], limit: Limit = 50
) -> AlertEvents:
    """When it began to fire, and when it came to rest."""
    return AlertEvents(
        await alerts.alert_events(resources.tenancy, tenant_of(request), alert_id, limit=limit)
    )


handlers = [alert_list, create_alert, replace_alert, remove_alert, alert_history]
