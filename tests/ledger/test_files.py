"""Columns in files: what was written is read, and nothing is loaded for it that nobody needs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from xsight_core.ledger.files import as_arrow, as_numpy, map_columns, write_columns

_OPENS = """
import sys
from pathlib import Path
from xsight_core.ledger import map_columns, write_columns
import numpy as np
path = Path(sys.argv[1])
write_columns(path, {"n": np.arange(9), "t": ["a", None, "ü"] * 3, "l": [(), ("x",), ("y", "z")] * 3}, {})
columns, _ = map_columns(path)
assert columns["n"].sum() == 36 and columns["l"][2] == ("y", "z"), list(columns["l"])
sys.exit("pandas" in sys.modules)
"""


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int16", "int32", "int64", "uint64", "float32", "float64"]
)
def test_numbers_come_back_as_they_were(kind: str, tmp_path: Path):
    column = np.array([0, 1, 100, 3], kind)
    write_columns(
        tmp_path / "f", {"every": column, "second": np.arange(8, dtype=kind)[::2]}, {"a": 1}
    )
    columns, words = map_columns(tmp_path / "f")
    assert columns["every"].dtype == kind
    np.testing.assert_array_equal(columns["every"], column)
    np.testing.assert_array_equal(columns["second"], [0, 2, 4, 6])
    assert words == {"a": 1}


def test_a_part_of_an_array_is_that_part():
    np.testing.assert_array_equal(as_numpy(as_arrow(np.arange(10))[3:6]), [3, 4, 5])
    assert as_numpy(as_arrow(np.zeros(0, np.int16))).dtype == np.int16


def test_nulls_have_no_number():
    with pytest.raises(ValueError, match="nulls"):
        as_numpy(pa.array([1, None]))


def test_texts_and_lists_come_back_as_they_were(tmp_path: Path):
    texts = ["a", None, "", "naïve 商店"]
    lists = [("a", "b"), (), ("c",), ()]
    write_columns(tmp_path / "f", {"text": texts, "list": lists}, {})
    columns, _ = map_columns(tmp_path / "f")
    assert list(columns["text"]) == texts
    assert list(columns["list"]) == lists


def test_files_are_written_and_opened_without_pandas(tmp_path: Path):
    """It would cost whoever opens a ledger half a second and 40 MB."""
    subprocess.run([sys.executable, "-c", _OPENS, str(tmp_path / "f")], check=True)
