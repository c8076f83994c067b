"""Who a person is at the Hub, read from the claims of XSight's OpenID provider. Pure: no Hub, no I/O."""

import re
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

__all__ = [
    "DASHBOARDS_PREFIX",
    "LAB_SCOPES",
    "SLUG",
    "USERNAME",
    "USER_SCOPES",
    "Membership",
    "Person",
]

SLUG = r"[a-z0-9]{6,20}"
DASHBOARDS_PREFIX = "t-"
"""Hub users of this prefix are tenants' dashboard servers. No person's name starts so: slugs have no hyphen."""
USERNAME = rf"^(?:{DASHBOARDS_PREFIX}{SLUG}|{SLUG}-[0-9a-f]{{8}})$"

USER_SCOPES = ["read:users!user", "users:activity!user", "access:servers!user"]
"""Everybody's: name themselves and be seen active. JupyterHub's own default would let them start servers."""
LAB_SCOPES = ["servers!user", "read:servers!user"]
"""Start and stop a server of one's own."""

ROLES = frozenset({"owner", "admin", "analyst", "marketer", "viewer"})
LAB_ROLES = frozenset({"owner", "admin", "analyst"})


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person may do in one tenant."""

    tenant_id: UUID
    slug: str
    role: str
    pii: bool

    @classmethod
    def from_claim(cls, claim: dict[str, Any]) -> Self:
        """Parse one entry of the claim ``tenants``; a ValueError names what is wrong."""
        slug, role = str(claim.get("slug")), str(claim.get("role"))
        if not re.fullmatch(SLUG, slug):
            raise ValueError(f"claim tenants: {slug!r} is not a tenant's slug")
        if role not in ROLES:
            raise ValueError(f"claim tenants: {role!r} is not a role")
        return cls(UUID(str(claim.get("id"))), slug, role, claim.get("pii") is True)

    @property
    def has_lab(self) -> bool:
        """Whether this role comes with a JupyterLab of its own."""
        return self.role in LAB_ROLES


@dataclass(frozen=True, slots=True)
class Person:
    """A logged-in person, with the tenant they have chosen."""

    id: UUID
    email: str
    name: str
    current: Membership
    memberships: tuple[Membership, ...]

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> Self:
        """Parse the answer of the provider's userinfo; a ValueError names the claim that is wrong."""
        memberships = tuple(Membership.from_claim(c) for c in claims.get("tenants") or ())
        current = next((m for m in memberships if m.slug == claims.get("tenant")), None)
        if current is None:
            raise ValueError("claim tenant: the person is not a member of the current tenant")
        email = str(claims.get("email") or "")
        person_id = UUID(str(claims.get("sub")))
        return cls(person_id, email, str(claims.get("name") or email), current, memberships)

    @property
    def hub_name(self) -> str:
        """The person's Hub user in the current tenant: opaque, and fit for a DNS label."""
        return f"{self.current.slug}-{self.id.hex[:8]}"

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        words = [w for w in re.split(r"[\s.@_-]+", self.name) if w]
        return "".join(w[0] for w in words[:2]).upper() or "?"

    def user_info(self) -> dict[str, str]:
        """What servers may know of a visitor: enough for the page's frame."""
        return {
            "name": self.name,
            "display_name": self.name,
            "email": self.email,
            "initials": self.initials,
        }

    def hub_roles(self) -> list[dict[str, Any]]:
        """The roles a log-in brings: dashboards of each tenant, a Lab where the current role has one.

        ``user`` must be among them: without it the Hub refuses to issue the servers' OAuth tokens (answer 500).
        """
        roles: list[dict[str, Any]] = [{"name": "user", "scopes": USER_SCOPES}]
        if self.current.has_lab:
            roles.append({"name": "lab", "scopes": LAB_SCOPES})
        for m in self.memberships:
            server = f"{DASHBOARDS_PREFIX}{m.slug}"
            roles.append({"name": f"dash-{m.slug}", "scopes": [f"access:servers!user={server}"]})
        return roles
