"""Somebody at XSight's public address, as a browser would be: sign up, log in, connect a shop, sync."""

import time
from types import TracebackType
from typing import Any, Self

import httpx

__all__ = ["Visitor"]

_POLL_EVERY_S = 0.25
_REDIRECTS = 10


class Visitor:
    """One browser: its own cookies. Answers that are errors raise ``httpx.HTTPStatusError``."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Origin": url}, timeout=30, trust_env=False
        )
        self._csrf = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def sign_up(self, *, email: str, password: str, name: str, company: str) -> None:
        self._change(
            "/api/auth/signup",
            {"email": email, "password": password, "name": name, "company": company},
        )

    def log_in(self, email: str, password: str) -> None:
        self._change("/api/auth/login", {"email": email, "password": password})

    def cookie(self, name: str) -> str:
        """One cookie as a header's text, for a program that asks in our name."""
        return next(f"{one.name}={one.value}" for one in self._http.cookies.jar if one.name == name)

    def me(self) -> dict[str, Any]:
        """Who we are, our stores, our rights."""
        me = self._get("/api/auth/me")
        self._csrf = me["csrf"]
        return me

    def look_at(self, tenant_id: str) -> None:
        """Make this store the current one."""
        self.me()
        self._change("/api/auth/tenant", {"tenant": tenant_id})

    def store(self) -> dict[str, Any]:
        return self._get("/api/v1/tenants/me")

    def connect(self, shop: str) -> None:
        """Through the shop's own consent page, which a simulated shop agrees to by itself."""
        answer = self._http.get("/auth", params={"shop": shop})
        for _ in range(_REDIRECTS):
            if not answer.is_redirect:
                break
            target = answer.url.join(answer.headers["location"])
            if target.path.startswith("/app"):  # connected
                return
            if target.path.endswith("/oauth/authorize"):
                target = target.copy_merge_params({"auto": "1"})
            answer = self._http.get(target)
        answer.raise_for_status()
        raise httpx.TooManyRedirects(
            f"{shop} was not connected: stopped at {answer.url}", request=answer.request
        )

    def sync(self) -> str:
        """Start a sync, or join the one under way; its run."""
        self.me()
        return self._change("/api/v1/tenants/me/sync", {})["run"]

    def cancel(self, run: str) -> None:
        """End a sync; what it has stored stays."""
        self._change(f"/api/v1/tenants/me/sync/{run}/cancel", {})

    def wait_for(self, run: str, *, within_s: float) -> dict[str, Any]:
        """The run's last state: completed, failed or cancelled."""
        deadline = time.monotonic() + within_s
        while True:
            state = self._get(f"/api/v1/tenants/me/sync/{run}/status")
            if state["status"] in {"completed", "failed", "cancelled"}:
                return state
            if time.monotonic() > deadline:
                raise TimeoutError(f"sync is still {state['status']} after {within_s:g} s")
            time.sleep(_POLL_EVERY_S)

    def stats(self) -> dict[str, Any] | None:
        """Totals of the newest computation; None before the first."""
        answer = self._http.get("/api/v1/tenants/me/stats")
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.CONFLICT}:
            return None
        return answer.raise_for_status().json()

    def has(self, path: str) -> bool:
        """Whether there is something at an address of the API."""
        answer = self._http.get(path)
        return answer.status_code != httpx.codes.NOT_FOUND and answer.raise_for_status().is_success

    def _get(self, path: str) -> dict[str, Any]:
        return self._http.get(path).raise_for_status().json()

    def _change(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        return self._http.post(path, json=body, headers=headers).raise_for_status().json()
