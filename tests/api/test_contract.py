"""The OpenAPI document is true: nothing sent by its rules or against them gets a 5xx, or an answer it does not know.

The long form, 20,000 requests and more, is part of ``make chaos`` (``XSIGHT_CONTRACT_CASES``).
"""

import ast
import asyncio
import os
import re

import pytest
from jsonschema import Draft202012Validator

from ops.client import TARGET, written
from tests.api.conftest import serve
from tests.api.contract import hold
from tests.api.shops import fill_store

CASES = int(os.environ.get("XSIGHT_CONTRACT_CASES", "100"))
SEED = int(os.environ.get("XSIGHT_CONTRACT_SEED", "20261122"))


@pytest.fixture(scope="session")
def unlimited(house):
    none = {"rate_user": 0, "rate_tenant": 0, "rate_address": 0}
    with serve(house.api.settings.model_copy(update=none)) as api:
        yield api


@pytest.fixture
async def ann(unlimited, api, tenancy, database):
    async with unlimited.member() as ann:
        home = unlimited.settings.home
        await fill_store(database.admin_url, tenancy, await ann.tenant_id(), home)
        yield ann


async def test_what_the_document_says_is_so(ann, unlimited) -> None:
    document = (await ann.get("/api/schema")).json()
    operations = sum(len(item) for item in document["paths"].values())
    each = CASES // (2 * operations)
    headers = {
        "Origin": unlimited.url,
        "X-CSRF-Token": (await ann.me())["csrf"],
        "Cookie": "; ".join(f"{k}={v}" for k, v in ann.cookies("/api/v1").items()),
    }
    tally = await asyncio.to_thread(hold, document, unlimited.url, headers, each=each, start=SEED)
    print(f"{tally.asked} requests of {operations} operations: {dict(tally.statuses)}")
    assert not tally.broken, "\n".join([*tally.broken[:40], str(len(tally.broken))])
    assert tally.asked >= CASES * 0.6  # some operations have no bad request
    assert (await ann.get("/api/v1/tenants/me")).status_code == 200


async def test_the_document_names_every_answer_and_shows_it(api) -> None:
    async with api.browser() as browser:
        answer = await browser.get("/api/schema")
        document = answer.json()
        assert document["openapi"].startswith("3.1")
        page = (await browser.get("/api/docs")).text
    names = []
    for path, item in document["paths"].items():
        assert path in page
        for verb, operation in item.items():
            names.append(operation["operationId"])
            assert operation["description"], (verb, path)
            assert "default" in operation["responses"], (verb, path)
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values() if status[0] == "2" else ():
                    shown = [one["value"] for one in content.get("examples", {}).values()]
                    shown += [content["example"]] if "example" in content else []
                    schema = {**content["schema"], "components": document["components"]}
                    for example in shown:
                        Draft202012Validator(schema).validate(example)
                    assert shown or "application/json" not in answer["content"], (verb, path)
    assert len(names) == len(set(names))
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)


def methods(code: str) -> dict[str, str]:
    """Of the client's class, by name."""
    found = next(
        n for n in ast.parse(code).body if isinstance(n, ast.ClassDef) and n.name == "Operations"
    )
    return {n.name: ast.unparse(n) for n in found.body if isinstance(n, ast.FunctionDef)}


async def test_the_client_asks_what_the_document_says(api) -> None:
    """A route that is changed changes the client, and a new one belongs into it: ``python -m ops.client``."""
    async with api.browser() as browser:
        document = (await browser.get("/api/schema")).json()
    now, there = methods(written(document)), methods(TARGET.read_text())
    assert {name: code for name, code in there.items() if now.get(name) != code} == {}
    assert len(there) > 60
