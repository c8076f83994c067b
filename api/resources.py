"""What handlers work with, made once by ``create_app`` and passed down."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import httpx
from litestar import Litestar
from litestar.di import NamedDependency
from redis.asyncio import Redis

from api.announcer import Announcer
from api.cache import Cache
from api.hub import HubClient
from api.inbox import InboxWriter
from api.provider import Provider
from api.reads import Reads
from api.rooms import Rooms
from api.throttle import Throttle
from worker.doorbell import RedisDoorbell
from xsight_core.crypto import Keyring
from xsight_core.services.accounts import Audience, Identity, recognise
from xsight_core.services.connect import ShopAccess
from xsight_core.services.directory import Directory
from xsight_core.services.look import Ledgers
from xsight_core.services.mail import MailServer, Post
from xsight_core.services.segment_books import Books
from xsight_core.services.together import Together
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

__all__ = ["External", "Resources", "Wired", "make_resources", "resources_of"]

STATEMENT_TIMEOUT_S = 15  # nobody waits longer for a page


@dataclass
class External:
    """Somebody else's OpenID provider, and what it said of itself when it was last asked."""

    issuer: str
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: dict[str, Any] = field(default_factory=dict[str, Any])
    read_at: float = 0.0


@dataclass(frozen=True)
class Resources:
    """Open connections and what belongs to them."""

    settings: Settings
    tenancy: Tenancy
    shops: ShopAccess
    ledgers: Ledgers
    directory: Directory
    books: Books
    redis: Redis
    http: httpx.AsyncClient
    hub: HubClient
    rooms: Rooms
    inbox: InboxWriter
    announcer: Announcer
    throttle: Throttle
    callers: Together[tuple[Audience, bytes], Identity]
    doorbell: RedisDoorbell
    provider: Provider
    keyring: Keyring
    post: Post
    cache: Cache
    reads: Reads
    external: External | None

    async def serve(self, stack: AsyncExitStack) -> None:
        """Start what runs by itself; the stack closes everything in the opposite order."""
        stack.push_async_callback(self.tenancy.close)
        stack.push_async_callback(self.redis.aclose)
        stack.push_async_callback(self.http.aclose)
        stack.push_async_callback(self.hub.close)
        stack.push_async_callback(self.reads.close)
        stack.push_async_callback(self.directory.close)
        stack.push_async_callback(self.announcer.close)
        self.inbox.start()
        stack.push_async_callback(self.inbox.close)
        self.rooms.start()
        stack.push_async_callback(self.rooms.close)


Wired = NamedDependency[Resources]
"""How a handler asks for them: ``resources: Wired``."""


def make_resources(settings: Settings) -> Resources:
    """Nothing connects yet: that happens on first use."""
    redis: Redis = cast("Any", Redis).from_url(
        settings.redis_url.get_secret_value(), socket_connect_timeout=2
    )
    tenancy = Tenancy(
        settings.database_url.get_secret_value(), statement_timeout_s=STATEMENT_TIMEOUT_S
    )
    http = httpx.AsyncClient(timeout=20, follow_redirects=False, trust_env=False)
    doorbell = RedisDoorbell(redis)
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    ingest = settings.ingest_database_url or settings.database_url
    return Resources(
        settings=settings,
        tenancy=tenancy,
        shops=ShopAccess.from_settings(settings, tenancy, http),
        ledgers=Ledgers(tenancy, settings.home, pooled=settings.pool_models),
        books=Books(tenancy, settings.home),
        directory=Directory(tenancy, settings.home),
        redis=redis,
        http=http,
        hub=HubClient(settings.hub_api_url, settings.hub_api_token.get_secret_value()),
        rooms=Rooms(redis),
        inbox=InboxWriter(ingest.get_secret_value()),
        announcer=Announcer(tenancy, doorbell),
        throttle=Throttle(redis),
        callers=Together(partial(recognise, tenancy)),
        doorbell=doorbell,
        provider=Provider.from_settings(settings),
        keyring=keyring,
        cache=Cache(redis),
        reads=Reads(tenancy),
        external=External(settings.login_issuer.rstrip("/")) if settings.login_issuer else None,
        post=Post(keyring, sends=MailServer.from_settings(settings) is not None),
    )


def resources_of(app: Litestar) -> Resources:
    """For guards and hooks; handlers ask for ``resources`` by name."""
    resources: Any = app.state["resources"]
    return resources
