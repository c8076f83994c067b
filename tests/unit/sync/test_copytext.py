"""COPY text, read back by an independent reader of PostgreSQL's format."""

from hypothesis import given
from hypothesis import strategies as st

from xsight_core.sync.copytext import copy_text

ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
cells = (
    st.none() | st.integers() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]))
)


def read(block):
    def cell(text):
        if text == "\\N":
            return None
        out, at = "", 0
        while at < len(text):
            if text[at] == "\\":
                out, at = out + ESCAPES[text[at + 1]], at + 2
            else:
                out, at = out + text[at], at + 1
        return out

    lines = block.decode().split("\n")
    assert lines.pop() == ""
    return [[cell(text) for text in line.split("\t")] for line in lines]


def plain(value):
    if value is None:
        return None
    return str(value).translate(dict.fromkeys(range(4)))


@given(st.lists(st.tuples(cells, cells, cells), max_size=6))
def test_whatever_a_cell_holds_comes_back(rows):
    rows = [row for row in rows if "\x03" not in row]
    block = copy_text(rows, clean=False)
    assert (read(block) if rows else []) == [[plain(value) for value in row] for row in rows]
