"""What a worker or a kernel imports of the analytics brings NumPy, and nothing that it may never use."""

import subprocess
import sys

import pytest

_HEAVY = ("pandas", "scipy", "pyarrow", "sqlalchemy")


@pytest.mark.parametrize("name", ["xsight_core.analytics", "xsight_core.clv"])
def test_imports_are_light(name):
    asked = f"import sys, {name}; print([m for m in {_HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_frames_bring_pandas_when_asked():
    asked = (
        "import sys; from xsight_core.analytics.frames import pd; "
        "assert 'pandas' not in sys.modules; assert len(pd.DataFrame({'a': [1]})) == 1"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)
