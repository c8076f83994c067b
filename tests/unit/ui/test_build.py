"""The build notices what it has to."""

from xsight_ui import build


def test_a_changed_source_makes_the_build_stale(tmp_path, monkeypatch):
    sources, stamp = tmp_path / "frontend", tmp_path / "static" / ".inputs"
    (sources / "src").mkdir(parents=True)
    stamp.parent.mkdir()
    for name in ("build.mjs", "package.json", "package-lock.json", "src/kit.js"):
        (sources / name).write_text(name)
    monkeypatch.setattr(build, "FRONTEND", sources)
    monkeypatch.setattr(build, "_STAMP", stamp)
    assert not build.is_current()
    stamp.write_text(build._inputs())
    assert build.is_current()
    (sources / "src/kit.js").write_text("changed")
    assert not build.is_current()
