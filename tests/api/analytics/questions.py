"""Asking the analytics routes."""

from typing import Any

__all__ = ["problem", "refusal", "result"]


async def result(browser, path: str, **query: object) -> Any:
    answer = await browser.get(f"/api/v1/analytics/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def refusal(browser, path: str, **query: object) -> str:
    """The field that is at fault."""
    answer = await browser.get(f"/api/v1/analytics/{path}", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid_input"
    return answer.json()["field"]


async def problem(browser, path: str, **query: object) -> dict[str, Any]:
    answer = await browser.get(f"/api/v1/analytics/{path}", params=query)
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.json()
