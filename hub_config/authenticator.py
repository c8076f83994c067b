"""Log-in at the Hub through XSight's OpenID provider. There is no other way in."""

from typing import Any

from jupyterhub.handlers import BaseHandler, LogoutHandler
from oauthenticator.generic import GenericOAuthenticator
from tornado.web import HTTPError

from hub_config.identity import DASHBOARDS_PREFIX, Person

__all__ = ["DashboardClients", "XsightAuthenticator"]


class DashboardClients(set[str]):
    """OAuth clients that need no "authorize access?" page: tenants' dashboard servers are the operator's own.

    The Hub skips that page only for a user's own server. Servers of tenants yet unknown are members, too.
    """

    def __contains__(self, client_id: object) -> bool:
        prefix = f"jupyterhub-user-{DASHBOARDS_PREFIX}"
        return str(client_id).startswith(prefix) or super().__contains__(client_id)


class ToOverview(BaseHandler):
    """People work in dashboards and in Lab; the Hub's own home page would only puzzle them."""

    def get(self) -> None:
        """Send to the current tenant's dashboards."""
        self.redirect(self.settings["xsight_overview_url"])


class XsightAuthenticator(GenericOAuthenticator):
    """Names, roles and auth state of a person, taken from the provider's claims at log-in and at each refresh."""

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """The person's Hub user in their current tenant."""
        return self._person(user_info).hub_name

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Add roles and what the servers may show of the visitor."""
        person = self._person(auth_model["auth_state"][self.user_auth_state_key])
        return auth_model | {"roles": person.hub_roles(), "user_info": person.user_info()}

    async def refresh_user(
        self, user: Any, handler: Any = None, **kwargs: Any
    ) -> bool | dict[str, Any]:
        """Ask the provider again. False = log in again: session ended, or another tenant was chosen meanwhile."""
        if user.name.startswith(DASHBOARDS_PREFIX):
            return True  # a tenant's server is no person and has no session
        if isinstance(handler, LogoutHandler):
            return True  # the session ended a moment ago; to end things here, too, one must still be known
        fresh = await super().refresh_user(user, handler, **kwargs)
        if isinstance(fresh, dict) and fresh["name"] != user.name:
            return False
        return fresh

    def get_handlers(self, app: Any) -> list[tuple[str, type[BaseHandler]]]:
        """The provider's call-backs, and a home page that leads to the dashboards."""
        return [*super().get_handlers(app), (r"/home", ToOverview)]

    def _person(self, claims: dict[str, Any]) -> Person:
        try:
            return Person.from_claims(claims)
        except ValueError as error:
            self.log.warning("Log-in refused: %s", error)
            raise HTTPError(403, "You are not a member of a store here.") from None
