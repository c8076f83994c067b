"""Connecting a tenant to its shop, and reaching the shop afterwards.

``connect`` trades the code that came back with the merchant's browser, after its caller has checked
signature and state. From then on ``client`` opens the shop; tokens are renewed under a row lock, so
that of all processes only one spends a refresh token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
import msgspec
import structlog

from xsight_core.crypto import Keyring
from xsight_core.errors import AccessDenied, Conflict, SchemaChanged, TokenRevoked
from xsight_core.services.audit import Actor, record
from xsight_core.settings import TAG_SCOPE, Settings
from xsight_core.shopify import oauth
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.domain import ShopDomain, parse_shop_domain
from xsight_core.shopify.topics import REQUIRED_SCOPES
from xsight_core.sync import shops
from xsight_core.sync.calendar import follow_shop
from xsight_core.sync.pace import SharedPace
from xsight_core.tenancy import Tenancy

__all__ = [
    "ACCESS_TOKEN",
    "REFRESH_TOKEN",
    "Change",
    "ShopAccess",
    "connect_shop",
    "currency_exponent",
    "refresh_shop",
]

log = structlog.get_logger()

ACCESS_TOKEN, REFRESH_TOKEN = "shopify access token", "shopify refresh token"
_RENEW_EARLY = timedelta(minutes=5)
_HEARTBEAT_BEFORE = timedelta(days=30)  # a refresh token lives for 90 days
_WINDOW = timedelta(days=60)  # of orders an app sees without read_all_orders

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


def currency_exponent(currency: str) -> int:
    """Decimals of a currency's minor unit."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True)
class Change:
    """What of a shop has changed. ``moved``: days were cut anew. ``reread``: everything has to be read once more."""

    moved: bool
    reread: bool


class ShopAccess:
    """What it takes to reach tenants' shops: the app, its keys, one pool of connections."""

    def __init__(
        self,
        tenancy: Tenancy,
        keyring: Keyring,
        http: httpx.AsyncClient,
        *,
        app: oauth.App,
        version: str,
    ) -> None:
        self.tenancy, self.http, self.app, self.version = tenancy, http, app, version
        self._keyring = keyring
        self._paces: dict[UUID, SharedPace] = {}

    @classmethod
    def from_settings(
        cls, settings: Settings, tenancy: Tenancy, http: httpx.AsyncClient
    ) -> "ShopAccess":
        """As an installation configures it."""
        app = oauth.App(
            client_id=settings.shopify_client_id,
            secrets=settings.shopify_secrets,
            scopes=settings.shopify_scopes,
            url_template=settings.shopify_url_template,
        )
        file = settings.keyring_file
        keyring = Keyring.parse(
            settings.keyring.get_secret_value(), fresh=None if file is None else file.read_text
        )
        return cls(tenancy, keyring, http, app=app, version=settings.shopify_api_version)

    async def app_for(self, tenant_id: UUID, *, tags: bool) -> oauth.App:
        """The app with the scopes to ask a tenant's shop for.

        Writing customers' tags is asked of who wants it, and of who has granted it before: to connect again
        takes nothing away.
        """
        asked = self.app.scopes.split(",")
        async with self.tenancy.scope(tenant_id) as session:
            granted = TAG_SCOPE in (await shops.state(session)).scopes
        if (tags or granted) and TAG_SCOPE not in asked:
            asked.append(TAG_SCOPE)
        return msgspec.structs.replace(self.app, scopes=",".join(asked))

    async def connect(self, tenant_id: UUID, shop: ShopDomain, code: str) -> str:
        """Trade the code of a checked return from Shopify and attach the shop; its name."""
        pair = await oauth.exchange_code(self.http, self.app, shop, code)
        missing = REQUIRED_SCOPES - {scope.replace("write_", "read_") for scope in pair.scopes}
        if missing:
            raise AccessDenied(
                f"The store did not grant {', '.join(sorted(missing))}. Connect again and accept."
            )
        answer = await self._ask_shop(shop, pair.access_token)
        await self._attach(tenant_id, shop, pair, answer)
        log.info("shop.connected", tenant_id=str(tenant_id), shop=shop)
        return answer["name"]

    async def client(self, tenant_id: UUID) -> ShopifyClient:
        """The tenant's shop, or ``Conflict`` when none is connected."""
        async with self.tenancy.scope(tenant_id) as session:
            state = await shops.state(session)
        if state.connection != "connected" or state.domain is None:
            raise Conflict("No store is connected. Connect the store first.")

        async def token(refused: str | None) -> str:
            return await self._token(tenant_id, ShopDomain(str(state.domain)), refused)

        return ShopifyClient(
            self.http,
            shop=parse_shop_domain(state.domain),
            url_template=self.app.url_template,
            version=self.version,
            token=token,
            pace=self._paces.setdefault(tenant_id, SharedPace(self.tenancy, tenant_id)),
        )

    async def disconnect(self, tenant_id: UUID, actor: Actor | None = None) -> None:
        """Forget the tokens, keep the data: the shop no longer lets us in or, with an actor, somebody wants it so."""
        async with self.tenancy.scope(tenant_id) as session:
            state = await shops.state(session)
            if actor is not None and state.connection != "connected":
                raise Conflict("No store is connected.")
            await shops.drop_tokens(session)
            why = (
                f"{state.domain} no longer lets XSight in: the app was removed or its access taken back."
                if actor is None
                else f"{state.domain} was disconnected here."
            )
            note = f"{why} Connect the store again (Settings, Connect); nothing that was synced is lost."
            await shops.change_state(session, connection="disconnected", connection_note=note)
            if actor is not None:
                details = {"domain": state.domain}
                await record(session, tenant_id, actor, "store.disconnected", details=details)
        log.warning("shop.disconnected", tenant_id=str(tenant_id))

    async def keep_alive(self, tenant_id: UUID) -> bool:
        """Renew the tokens of a shop that nobody syncs before they run out; whether it was time."""
        async with self.tenancy.scope(tenant_id) as session:
            state, stored = await shops.state(session), await shops.tokens(session)
        if stored is None or state.domain is None or stored.refresh_expires_at is None:
            return False
        if stored.refresh_expires_at - _HEARTBEAT_BEFORE > datetime.now(UTC):
            return False
        access = self._keyring.open(stored.access_sealed, tenant_id=tenant_id, purpose=ACCESS_TOKEN)
        try:
            await self._renew(tenant_id, ShopDomain(state.domain), access)
        except TokenRevoked:
            await self.disconnect(tenant_id)
            raise
        return True

    async def _token(self, tenant_id: UUID, shop: ShopDomain, refused: str | None) -> str:
        async with self.tenancy.scope(tenant_id) as session:
            stored = await shops.tokens(session)
        if stored is None:
            raise TokenRevoked(f"There is no token for {shop}. Connect the store again.")
        token = self._keyring.open(stored.access_sealed, tenant_id=tenant_id, purpose=ACCESS_TOKEN)
        if token == refused or _is_old(stored.access_expires_at):
            return await self._renew(tenant_id, shop, token)
        return token

    async def _renew(self, tenant_id: UUID, shop: ShopDomain, old: str) -> str:
        async with self.tenancy.scope(tenant_id) as session:
            stored = await shops.lock_tokens(session)
            if stored is None or stored.refresh_sealed is None:
                raise TokenRevoked(f"{shop} no longer accepts our token. Connect the store again.")
            current = self._keyring.open(
                stored.access_sealed, tenant_id=tenant_id, purpose=ACCESS_TOKEN
            )
            if current != old:  # another process was first
                return current
            refresh_token = self._keyring.open(
                stored.refresh_sealed, tenant_id=tenant_id, purpose=REFRESH_TOKEN
            )
            pair = await oauth.refresh(self.http, self.app, shop, refresh_token)
            await shops.save_tokens(session, tenant_id=tenant_id, **self._sealed(tenant_id, pair))
        return pair.access_token

    def _sealed(self, tenant_id: UUID, pair: oauth.TokenPair) -> dict[str, Any]:
        def seal(secret: str | None, purpose: str) -> str | None:
            if secret is None:
                return None
            return self._keyring.seal(secret, tenant_id=tenant_id, purpose=purpose)

        return {
            "access_sealed": seal(pair.access_token, ACCESS_TOKEN),
            "refresh_sealed": seal(pair.refresh_token, REFRESH_TOKEN),
            "access_expires_at": pair.access_expires_at,
            "refresh_expires_at": pair.refresh_expires_at,
        }

    async def _ask_shop(self, shop: ShopDomain, access_token: str) -> dict[str, Any]:
        async def token(_refused: str | None) -> str:
            return access_token

        client = ShopifyClient(
            self.http,
            shop=shop,
            url_template=self.app.url_template,
            version=self.version,
            token=token,
        )
        return (await client.execute("shop"))["shop"]

    async def _attach(
        self, tenant_id: UUID, domain: ShopDomain, pair: oauth.TokenPair, shop: dict[str, Any]
    ) -> None:
        async with self.tenancy.scope(tenant_id) as session:
            stored = await shops.state(session)
            if stored.shop_gid is not None and stored.shop_gid != shop["id"]:
                raise Conflict(
                    f"This account belongs to {stored.domain}: open another for {domain}."
                )
            owner = await shops.attach(
                session, tenant_id=tenant_id, domain=domain, shop_gid=shop["id"]
            )
            if owner != tenant_id:
                raise Conflict(f"{domain} is connected to another account here.")
            since = (
                None if "read_all_orders" in pair.scopes else (datetime.now(UTC) - _WINDOW).date()
            )
            await shops.change_state(
                session,
                domain=domain,
                connection="connected",
                connection_note=None,
                connected_at=datetime.now(UTC),
                scopes=list(pair.scopes),
                history_since=since,
                **_shop_values(shop),
            )
            await shops.save_tokens(session, tenant_id=tenant_id, **self._sealed(tenant_id, pair))


async def connect_shop(
    tenancy: Tenancy, settings: Settings, *, tenant_id: UUID, shop: ShopDomain, code: str
) -> str:
    """``ShopAccess.connect`` for whoever needs it once."""
    async with httpx.AsyncClient() as http:
        return await ShopAccess.from_settings(settings, tenancy, http).connect(
            tenant_id, shop, code
        )


async def refresh_shop(tenancy: Tenancy, client: ShopifyClient, tenant_id: UUID) -> Change:
    """Follow the shop's name, plan, domain, granted scopes, currency and time zone.

    In another time zone the rows' days are cut anew. Minor units of another kind, or orders that were
    hidden from us before, make the next run read everything.
    """
    answer = await client.execute("shop")
    handles: list[dict[str, str]] = answer["currentAppInstallation"]["accessScopes"]
    scopes = [scope["handle"] for scope in handles]
    async with tenancy.scope(tenant_id) as session:
        before = await shops.state(session)
        since = before.history_since
        if "read_all_orders" in scopes:
            since = None
        elif since is None:
            since = (datetime.now(UTC) - _WINDOW).date()
        gained = before.history_since is not None and since is None
        currency = answer["shop"]["currencyCode"]
        recoined = currency_exponent(currency) != before.currency_exponent
        domain = parse_shop_domain(answer["shop"]["myshopifyDomain"])
        if domain != before.domain:  # its gid stays, so it is the same shop
            await shops.attach(
                session, tenant_id=tenant_id, domain=domain, shop_gid=answer["shop"]["id"]
            )
            log.warning("shop.renamed", tenant_id=str(tenant_id), domain=domain)
        values = _shop_values(answer["shop"]) | {
            "domain": domain,
            "scopes": scopes,
            "history_since": since,
        }
        moved = await follow_shop(session, before, values)
    return Change(moved=moved, reread=gained or recoined)


def _shop_values(shop: Mapping[str, Any]) -> dict[str, Any]:
    try:
        zone = ZoneInfo(shop["ianaTimezone"]).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SchemaChanged(f"The shop's time zone {shop['ianaTimezone']!r} is unknown.") from error
    return {
        "shop_gid": shop["id"],
        "shop_name": shop["name"],
        "currency": shop["currencyCode"],
        "currency_exponent": currency_exponent(shop["currencyCode"]),
        "timezone": zone,
        "plan": shop["plan"]["publicDisplayName"],
        "shop_created_at": datetime.fromisoformat(shop["createdAt"]),
    }


def _is_old(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at - _RENEW_EARLY < datetime.now(UTC)
