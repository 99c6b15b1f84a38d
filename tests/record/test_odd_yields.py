"""What a laboratory's own procedure may yield: kept whole, or refused at once with the field's name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from labctl.core.errors import RecordError
from labctl.core.quantity import option, quantity
from labctl.core.rows import Block, Picture
from labctl.record.export import Format, export
from labctl.record.reading import read_run
from tests.record.rows import begun


@dataclass(frozen=True)
class Odd:
    """One field of each kind."""

    count: int = quantity("1", 0)
    current: float = quantity("A", 0.0)
    is_good: bool = option(True)
    note: str = option("")


END = {"outcome": "finished", "verdict": "done", "reason": ""}


@pytest.mark.parametrize("name", ["dI/dV", "Odd", "a b/c: d", "..x", "Ω", "odd", "con"])
def test_a_picture_of_any_name_is_read_and_exported_whole(tmp_path, name):
    record = begun(tmp_path / "run", 0.25)
    record.row(Odd(count=3))
    values = np.arange(6.0).reshape(2, 3)
    record.picture(Picture(name, values + 1, "S", ("word/line", "bit")))
    record.picture(Picture(name, values, "S", ("word/line", "bit")))
    record.end(END)
    run = read_run(tmp_path / "run")
    assert list(run.pictures) == [name]
    np.testing.assert_array_equal(run.pictures[name].values, values)
    assert list(run.tables["Odd"].columns["count"]) == [3]
    files = export(run, tmp_path / "csv", Format.CSV)
    assert len({path.name.casefold() for path in files}) == 3
    assert all(path.is_file() for path in files)
    (table,) = (path for path in files if path.name == "Odd.csv")
    assert pd.read_csv(table, skiprows=[1])["count"].tolist() == [3]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Odd(count=1.5), "Odd.count is declared to hold whole numbers of 64 bits, and [1.5] cannot be kept"),
        (Odd(count=2**63), "Odd.count is declared to hold whole numbers of 64 bits"),
        (Odd(count=np.uint64(2**64 - 1)), "Odd.count is declared"),
        (Odd(count=float("nan")), "Odd.count is declared"),
        (Odd(count="3"), "Odd.count is declared"),
        (Odd(current=1j), "Odd.current is declared to hold real numbers"),
        (Odd(current="0.1"), "Odd.current is declared to hold real numbers"),
        (Odd(current=None), "Odd.current is declared to hold real numbers"),
        (Odd(is_good=2), "Odd.is_good is declared to hold yes or no"),
        (Odd(note="a\0b"), "Odd.note holds the text"),
        (Odd(note="\ud800"), "Odd.note holds the text"),
    ],
)
def test_a_row_that_would_lose_something_is_refused_with_its_field(tmp_path, row, says):
    record = begun(tmp_path / "run", 0.25)
    with pytest.raises(RecordError) as caught:
        record.row(row)
    assert says in str(caught.value)
    record.row(Odd(count=np.int32(7), current=np.float32(0.5), is_good=np.bool_(False), note="\x07 tab\t"))
    record.end(END)
    columns = read_run(tmp_path / "run").tables["Odd"].columns
    assert columns["count"].tolist() == [7]
    assert columns["current"].tolist() == [0.5]
    assert columns["is_good"].tolist() == [False]
    assert list(columns["note"]) == ["\x07 tab\t"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("count", np.array([1.0, 1.5])),
        ("count", np.array([1, 2**64 - 1], dtype=np.uint64)),
        ("current", np.array([1j, 0])),
        ("is_good", np.array([0.5, 1.0])),
        ("note", ["a", "b\0"]),
    ],
)
def test_a_block_that_would_lose_something_is_refused_with_its_column(tmp_path, name, values):
    sound = {"count": [1, 2], "current": [0.1, 0.2], "is_good": [True, False], "note": ["a", "b"]}
    record = begun(tmp_path / "run", 0.25)
    with pytest.raises(RecordError, match=name):
        record.block(Block(Odd, sound | {name: values}))
    record.block(Block(Odd, sound | {"count": np.array([1.0, 2.0])}))
    record.end(END)
    assert read_run(tmp_path / "run").tables["Odd"].columns["count"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "picture",
    [
        Picture("", np.zeros(2), "S"),
        Picture(" ", np.zeros(2), "S"),
        Picture("..", np.zeros(2), "S"),
        Picture("a\0", np.zeros(2), "S"),
        Picture("complex", np.array([1j]), "S"),
        Picture("objects", np.array([None]), "S"),
        Picture("axes", np.zeros((2, 2)), "S", ("word",)),
        Picture("twice", np.zeros((2, 2)), "S", ("word", "word")),
        Picture("values", np.zeros((2, 2)), "S", ("word", "values")),
    ],
    ids=lambda picture: repr(picture.name),
)
def test_a_picture_that_cannot_be_kept_is_refused(tmp_path, picture):
    record = begun(tmp_path / "run", 0.25)
    with pytest.raises(RecordError):
        record.picture(picture)
    record.end(END)
    assert dict(read_run(tmp_path / "run").pictures) == {}
