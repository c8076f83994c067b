"""Packages are those chosen: every one pinned and hashed; and the check sees it when one is not."""

import shutil

import pytest

from ops.dependencies import LISTS, LOCKS, ROOT, findings


@pytest.fixture
def copy(tmp_path):
    (tmp_path / "requirements").mkdir()
    for name in LISTS:
        shutil.copy(ROOT / "requirements" / f"{name}.txt", tmp_path / "requirements")
    for folder in LOCKS:
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(ROOT / folder / "package-lock.json", tmp_path / folder)
    return tmp_path


def test_everything_is_pinned_and_hashed(copy):
    assert findings(copy, installed=False) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("requirements/server.txt", "litestar==", "litestar>="),
        ("requirements/lab.txt", "psycopg==3.", "psycopg==2."),
        ("ops/proxy/package-lock.json", '"integrity"', '"nothing"'),
    ],
)
def test_what_is_not_is_named(copy, file, old, new):
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1))
    found = findings(copy, installed=False)
    assert found
    assert all(line.startswith(file) for line in found)


def test_a_package_without_a_hash_is_named(copy):
    with (copy / "requirements" / "dash.txt").open("a") as file:
        file.write("something==1.0\n")
    assert findings(copy, installed=False) == [
        "requirements/dash.txt: something==1.0 has no hash or no exact version"
    ]
