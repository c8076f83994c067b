"""What outlives the process: when a shop was founded, the apps in it with their tokens, and what was done to it."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from shopify_sim.bulk.operations import RESULTS
from shopify_sim.config import ShopConfig, SimConfig
from shopify_sim.installation import Token
from shopify_sim.shop import Past, Shop, open_shop

__all__ = ["Home"]


class Home:
    """One JSON file and one journal per shop, in the folder of the configuration; without a folder nothing is kept."""

    def __init__(self, config: SimConfig) -> None:
        """Make the folder."""
        self.config, self.folder = config, config.home
        if self.folder:
            results = self.folder / RESULTS
            results.mkdir(parents=True, exist_ok=True)
            for left in results.glob("bulk-*"):  # of a process that was killed
                left.unlink()

    def open_shops(self) -> list[Shop]:
        """All shops as they were left, those founded on demand too."""
        configured = {shop.domain: shop for shop in self.config.shops}
        for path in sorted(self.folder.glob("*.myshopify.com.json")) if self.folder else ():
            domain = path.name.removesuffix(".json")
            founded = self.config.founded_on_demand(domain)
            if founded and domain not in configured:
                configured[domain] = founded
        return [self.open(shop) for shop in configured.values()]

    def _file(self, domain: str, ending: str) -> Path | None:
        return self.folder / f"{domain}.{ending}" if self.folder else None

    def open(self, config: ShopConfig) -> Shop:
        """A shop as it was left, or new."""
        path = self._file(config.domain, "json")
        kept: dict[str, Any] = orjson.loads(path.read_bytes()) if path and path.exists() else {}
        if kept.get("source") != config.source:
            kept = {}  # another shop took the name
            self._forget(config.domain)
        deeds = self._deeds(config.domain) if kept else ()
        founded = datetime.fromisoformat(kept["founded"]) if kept else None
        past = Past(founded, kept.get("offset_us", 0), deeds)
        shop = open_shop(self.config, config, past)
        for entry in kept.get("installations", ()):
            installation = shop.install(entry["client_id"], frozenset(entry["scopes"]))
            installation.tokens |= {t["access"]: Token(**t) for t in entry["tokens"]}
            installation.subscriptions = entry["subscriptions"]
        self.save(shop)
        return shop

    def note(self, shop: Shop, deed: str, body: dict[str, Any]) -> None:
        """Keep a deed, to be done again at the next start."""
        path = self._file(shop.domain, "journal")
        if path is not None:
            entry = {"at": shop.clock.now(), "deed": deed, "body": body}
            with path.open("ab") as journal:
                journal.write(orjson.dumps(entry) + b"\n")

    def _deeds(self, domain: str) -> list[tuple[int, str, dict[str, Any]]]:
        path = self._file(domain, "journal")
        lines = path.read_bytes().splitlines() if path and path.exists() else []
        entries = [orjson.loads(line) for line in lines]
        return [(entry["at"], entry["deed"], entry["body"]) for entry in entries]

    def _forget(self, domain: str) -> None:
        path = self._file(domain, "journal")
        if path is not None:
            path.unlink(missing_ok=True)

    def save(self, shop: Shop) -> None:
        """Keep a shop's apps."""
        path = self._file(shop.domain, "json")
        if path is None:
            return
        installations = [
            {
                "client_id": installation.client_id,
                "scopes": sorted(installation.scopes),
                "tokens": [dataclasses.asdict(token) for token in installation.tokens.values()],
                "subscriptions": installation.subscriptions,
            }
            for installation in shop.installations.values()
        ]
        kept = {
            "source": shop.source,
            "founded": shop.founded.astimezone(UTC).isoformat(),
            "offset_us": shop.clock.offset_us,
            "installations": installations,
        }
        fresh = path.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        fresh.chmod(0o600)
        fresh.replace(path)
