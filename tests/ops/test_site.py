"""The site is built without a warning, and every link of it leads somewhere."""

import subprocess

from ops.home import ROOT


def test_the_documentation_is_built_strictly():
    done = subprocess.run(
        ["make", "--silent", "docs"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    built = ROOT / "build" / "docs"
    assert (built / "index.html").stat().st_size > 10_000
    assert (built / "scaling.html").is_file()
    assert "<svg" in (built / "reference" / "entities.svg").read_text()
