"""Rules that types and linters do not know, read from the source of the product."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRODUCT = ("api", "hub_config", "ops", "worker", "xsight_core", "xsight_ui")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path
    for package in PRODUCT
    for path in sorted((ROOT / package).rglob("*.py"))
    if "node_modules" not in path.parts
}
STATEMENTS = {"select", "insert", "update", "delete", "text"}
MAY_HOLD_SQL = (
    "xsight_core/db/",
    "xsight_core/sync/",
    "xsight_core/segments/",
    "xsight_core/ledger/",
)
# sets the tenant, and nothing else
MAY_HOLD_SQL += ("xsight_core/tenancy.py",)


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, node.module or "", alias.name) for alias in node.names)


@pytest.fixture(scope="module")
def trees():
    return {name: ast.parse(path.read_text()) for name, path in SOURCES.items()}


def test_sqlalchemy_statements_are_written_in_their_rooms_only(trees):
    assert [
        (name, what)
        for name, tree in trees.items()
        if not name.startswith(MAY_HOLD_SQL)
        for _, module, what in imported(tree)
        if module.startswith("sqlalchemy") and what in STATEMENTS
    ] == []


def test_only_the_scope_commits(trees):
    assert [
        (name, node.lineno)
        for name, tree in trees.items()
        if name.startswith(("api/", "worker/", "xsight_core/"))
        for node in calls(tree)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ] == []


def test_nothing_is_unpickled(trees):
    assert [
        name
        for name, tree in trees.items()
        for _, module, _what in imported(tree)
        if module.split(".")[0] in {"pickle", "dill", "cloudpickle", "marshal", "shelve"}
    ] == []


def test_no_import_hides_in_a_function_to_dodge_a_cycle(trees):
    assert [
        (name, node.lineno)
        for name, tree in trees.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.name != "__getattr__"  # a package that loads its parts when asked (PEP 562)
        for node, module, _ in imported(function)
        if module.split(".")[0] in PRODUCT and name.startswith(("api/", "xsight_core/"))
    ] == []


def test_settings_are_not_read_while_importing(trees):
    """Only composition roots read the environment; tests hand in `Settings`."""
    assert [
        (name, node.lineno)
        for name, tree in trees.items()
        if name.startswith(("api/", "xsight_core/"))
        for node in tree.body
        for inner in ast.walk(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If)
        and isinstance(inner, ast.Attribute)
        and inner.attr in {"environ", "getenv"}
    ] == []
