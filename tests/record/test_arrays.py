"""Arrays in rows: of fixed shape and ragged, the same from both files, readable by everybody."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from labctl.core.rows import Block, Picture
from labctl.record.columns import layout
from labctl.record.reading import Run, read_run
from labctl.record.replay import recover
from tests.record.rows import Reading, Sweep, begun, sweep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record = begun(tmp_path)
    for number in range(3):
        record.row(sweep(number))
    rows = [sweep(number) for number in (3, 0)]
    columns = {
        "number": np.array([3, 0]),
        "corners": np.array([row.corners for row in rows]),
        "samples": [row.samples for row in rows],
        "times": [row.times for row in rows],
    }
    record.block(Block(Sweep, columns))  # type: ignore[arg-type]
    record.picture(Picture("cube", np.arange(24.0).reshape(2, 3, 4), "S", ("die", "word", "bit")))
    record.picture(Picture("cube", np.arange(24.0).reshape(2, 3, 4) + 1, "S", ("die", "word", "bit")))
    record.end({"outcome": "finished"})
    return tmp_path


def check(run: Run) -> None:
    table = run.tables["Sweep"]
    assert table.columns["corners"].shape == (5, 2, 2)
    assert [row[0, 0] for row in table.columns["corners"]] == [0.25, 1.25, 2.25, 3.25, 0.25]
    for name, step in (("samples", 1e-6), ("times", 1.0)):
        assert [len(row) for row in table.columns[name]] == [0, 1, 2, 3, 0]
        np.testing.assert_array_equal(table.columns[name][3], np.arange(3) * step)
    assert (table.units["corners"], table.units["samples"]) == ("V", "A")
    assert table[3]["samples"].tolist() == [0.0, 1e-6, 2e-6]
    assert run.pictures["cube"].values[1, 2, 3] == 24.0
    assert run.pictures["cube"].axes == ("die", "word", "bit")


def test_both_files_and_a_recovered_one_hold_the_same_arrays(folder: Path) -> None:
    check(read_run(folder))
    (folder / "run.h5").unlink()
    check(read_run(folder))
    recover(folder)
    assert (folder / "run.h5").exists()
    check(read_run(folder))


def test_anybodys_hdf5_reader_finds_arrays_of_fixed_shape_as_such_and_ragged_ones_as_variable_length(
    folder: Path,
) -> None:
    with h5py.File(folder / "run.h5") as file:
        table = file["tables/Sweep"]
        assert table["corners"].shape == (5, 2, 2)
        assert h5py.check_vlen_dtype(table["samples"].dtype) == np.dtype("f8")
        assert table["samples"].attrs["units"] == "A"
        assert table.attrs["rows_valid"] == 5


def test_a_dataframe_has_a_column_per_element_and_objects_for_ragged_ones(folder: Path) -> None:
    frame = read_run(folder).to_dataframe()
    assert list(frame.columns[2:]) == [
        "number", "corners_0_0", "corners_0_1", "corners_1_0", "corners_1_1", "samples", "times",
    ]  # fmt: skip
    assert frame.attrs["units"]["corners_1_0"] == "V"
    assert frame["samples"][2].tolist() == [0.0, 1e-6]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"corners": np.zeros((1, 2, 3))}, r"'corners' holds 2 x 2 per row.*\(1, 2, 3\)"),
        ({"number": np.zeros((1, 2))}, r"'number' holds one value per row"),
    ],
)
def test_a_block_of_another_shape_is_refused(columns: dict[str, np.ndarray], message: str) -> None:
    good = {"number": np.zeros(1), "corners": np.zeros((1, 2, 2)), "samples": [[]], "times": [[]]}
    with pytest.raises(ValueError, match=message):
        layout(Sweep).arrays(Block(Sweep, good | columns))  # type: ignore[arg-type]


def test_a_row_of_another_shape_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    record = begun(tmp_path)
    wrong = Sweep(1, ((1.0, 2.0),), np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"Sweep\.corners"):
        record.row(wrong)
    record.end({"outcome": "failed"})
    assert all(len(table) == 0 for table in read_run(tmp_path).tables.values())


def test_numbers_that_json_lacks_are_kept_in_arrays(tmp_path: Path) -> None:
    record = begun(tmp_path)
    corners = ((np.nan, np.inf), (0.0, -0.0))
    record.row(Sweep(1, corners, np.array([np.nan, -np.inf])))
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    for line in lines:
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    record.end({"outcome": "finished"})
    (tmp_path / "run.h5").unlink()
    found = read_run(tmp_path).tables["Sweep"][0]
    np.testing.assert_array_equal(found["corners"], corners)
    np.testing.assert_array_equal(found["samples"], [np.nan, -np.inf])


def test_rows_without_arrays_are_found_beside_them(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.row(Reading(1, note="a µ"))
    record.row(sweep(2))
    record.end({"outcome": "finished"})
    run = read_run(tmp_path)
    assert set(run.tables) == {"Reading", "Sweep"}
    assert isinstance(run.to_dataframe("Reading"), pd.DataFrame)
    assert run.tables["Reading"][0]["note"] == "a µ"
