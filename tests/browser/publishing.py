"""What an analyst, an admin and a viewer do with a notebook that becomes a page."""

import json
import re
import secrets
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from tests.browser.person import Person

__all__ = ["ask_for_review", "draft", "framed", "hand_in_again", "joined", "published", "review"]

_DRAFT = """
import json
from pathlib import Path
import xsight_core as xs

Path("week.ipynb").write_text(%r)
print(json.dumps(xs.connect().publish("week.ipynb", title="The week").link))
"""


def _notebook(code: str) -> dict[str, Any]:
    sources = [("weeks = 4", {"tags": ["parameters"]}), (code, {})]
    cells = [
        {"cell_type": "code", "metadata": more, "source": source}
        | {"outputs": [], "execution_count": None}
        for source, more in sources
    ]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}


def draft(author: Person, code: str) -> str:
    """A notebook of that code is written in Lab and laid ready; the link to ask for its review."""
    return author.run_in_lab(_DRAFT % json.dumps(_notebook(code)))


def ask_for_review(author: Person, link: str, note: str) -> str:
    """By the link; the address of what is now in review."""
    author.page.goto(author.url + link)
    author.page.get_by_label("What the reviewer should know").fill(note)
    author.page.get_by_role("button", name="Ask for a review").click()
    author.page.wait_for_url(re.compile(r"/auth/publications/[0-9a-f-]{36}"))
    return author.page.url.removeprefix(author.url)


def hand_in_again(author: Person, place: str, code: str) -> None:
    """A next version, as a program hands it in."""
    wish = {
        "title": "The week",
        "notebook": _notebook(code),
        "publication": place.rsplit("/", 1)[-1],
    }
    _post(author, "/api/v1/publications", wish)


def review(admin: Person, place: str, version: int) -> Locator:
    """Open it and wait until that version has run for the reviewers; its page."""
    admin.page.goto(admin.url + place)
    title = f"The page of version {version}"
    while not admin.page.get_by_role("heading", name=title).count():
        assert "failed" not in admin.text("main"), admin.text("main")
        admin.page.wait_for_timeout(150)
        admin.page.reload()
    return admin.page.frame_locator(f"iframe[title='{title}']").locator("body")


def joined(browser: Browser, by: Person, role: str) -> Person:
    """Somebody who took up an invitation, looking at the store's Overview."""
    wish = {"email": f"{secrets.token_hex(4)}@example.com", "role": role}
    link = _post(by, "/api/v1/invitations", wish)["link"]
    person = Person(browser, by.url)
    person.page.goto(link)
    person.page.get_by_label("Your name").fill(role.title())
    person.page.get_by_label("Password").fill(secrets.token_urlsafe(16))
    person.page.get_by_role("button", name="Create account and join").click()
    person.page.wait_for_url("**/user/*/app/overview")
    return person


def published(person: Person) -> Locator:
    """Links to published pages in the navigation."""
    person.page.reload()
    person.page.locator(".xs-nav a").first.wait_for()
    return person.page.locator(".xs-nav [data-published]")


def framed(person: Person) -> Locator:
    """What the published page shows."""
    expect(person.page.locator("iframe.xs-published")).to_have_attribute("sandbox", "")
    return person.page.frame_locator("iframe.xs-published").locator("body")


def _post(person: Person, place: str, body: Any) -> Any:
    csrf = person.get("/api/auth/me")[1]["csrf"]
    headers = {"X-CSRF-Token": csrf, "Origin": person.url}
    answer = person.context.request.post(person.url + place, headers=headers, data=body)
    assert answer.ok, answer.text()
    return answer.json()
