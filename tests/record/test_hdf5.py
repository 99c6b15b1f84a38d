"""The HDF5 file: columns with units, attributes a viewer needs, and no final name before it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.core.quantity import quantity
from labctl.core.rows import Block, Picture
from labctl.record.columns import layout
from labctl.record.provenance import head, identified
from labctl.record.reading import read_run
from labctl.record.recorder import Recorder
from procedures.forming import Forming
from procedures.program_verify import VerifyRead


class Polarity(Enum):
    SET = "set"
    RESET = "reset"


@dataclass(frozen=True)
class Inner:
    voltage: float = quantity("V", 0.1)


@dataclass(frozen=True)
class Pulse:
    cell: Cell
    other: Cell
    reading: Inner
    polarity: Polarity
    current: float = quantity("A", 1e-6)
    note: str | None = None


@dataclass(frozen=True)
class Plan:
    weights: np.ndarray = quantity("S")
    level: float = quantity("V", 0.25, low=0.0, high=1.0)
    polarity: Polarity = Polarity.SET
    cells: tuple[int, ...] = (1, 2, 3)
    nothing: tuple[int, ...] = ()
    pulses: Inner = Inner(0.2)


def known(given: dict[str, str] | None = None) -> dict[str, Any]:
    bench = load_bench("virtual_56x8")
    return head(
        "<uuid>",
        Plan(np.ones((2, 3))),
        given or {},
        bench,
        {"matrix": "a 707B"},
        12.5,
        {"stage_temperature": 300.0},
    )


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    return Recorder(tmp_path, known({"level": "250m"}), WallClock())


def pulse(word: int) -> Pulse:
    return Pulse(Cell(word, 2), Cell(3, 4), Inner(0.3), Polarity.RESET)


def test_columns_carry_units_and_plain_names(recorder: Recorder, tmp_path: Path) -> None:
    recorder.row(pulse(7))
    recorder.end({"outcome": "finished"})
    with h5py.File(tmp_path / "run.h5") as file:
        table = file["tables/Pulse"]
        assert set(table) == {
            "bench_time", "wall_time", "word", "bit", "other_word", "other_bit", "reading_voltage",
            "polarity", "current", "note",
        }  # fmt: skip
        assert table["reading_voltage"].attrs["units"] == "V"
        assert table["current"].attrs["units"] == "A"
        assert table["bench_time"].attrs["units"] == "s"
        assert "units" not in table["polarity"].attrs
        assert table["polarity"].asstr()[0] == "reset"
        assert (table["word"][0], table["other_bit"][0]) == (7, 4)


def test_a_viewer_finds_what_to_plot(recorder: Recorder, tmp_path: Path) -> None:
    recorder.row(pulse(7))
    recorder.picture(Picture("map", np.zeros((3, 2)), "S", ("word", "bit")))
    recorder.picture(Picture("map", np.ones((3, 2)), "S", ("word", "bit")))
    recorder.end({"outcome": "finished"})
    with h5py.File(tmp_path / "run.h5") as file:
        assert file.attrs["NX_class"] == "NXroot"
        entry = file[file.attrs["default"]]
        assert entry.attrs["NX_class"] == "NXentry"
        data = entry[entry.attrs["default"]]
        assert data.attrs["NX_class"] == "NXdata"
        values = data[data.attrs["signal"]]
        assert values.attrs["units"] == "S"
        np.testing.assert_array_equal(values, np.ones((3, 2)))
        assert [len(data[axis]) for axis in data.attrs["axes"]] == [3, 2]
        rows = file["tables/Pulse"]
        assert rows.attrs["signal"] in rows
        assert [axis in rows for axis in rows.attrs["axes"]] == [True]


def test_a_viewer_plots_the_conductance_of_a_table_that_has_one_not_the_bound_that_stands_last(
    recorder: Recorder, tmp_path: Path
) -> None:
    recorder.row(VerifyRead(word=1, bit=2, pulses=0, amplitude=0.0, apparent=1e-5, conductance=1e-5,
                            target=2e-5, low=1.9e-5, high=2.1e-5, limited=False))  # fmt: skip
    recorder.end({"outcome": "finished"})
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["tables/VerifyRead"].attrs["signal"] == "conductance"


def test_everything_that_is_a_number_has_its_unit(recorder: Recorder, tmp_path: Path) -> None:
    recorder.row(pulse(7))
    recorder.picture(Picture("map", np.zeros((3, 2)), "S", ("word", "bit")))
    recorder.end({"outcome": "finished"})
    bare = []

    def look(name: str, item: h5py.HLObject) -> None:
        is_data = name.startswith(("tables/", "pictures/", "parameters/")) and isinstance(item, h5py.Dataset)
        if is_data and item.dtype.kind in "if" and "units" not in item.attrs:
            bare.append(name)

    with h5py.File(tmp_path / "run.h5") as file:
        file.visititems(look)
    assert bare == []


def test_parameters_are_kept_as_given_and_as_applied(recorder: Recorder, tmp_path: Path) -> None:
    recorder.end({"outcome": "finished"})
    found = read_run(tmp_path).parameters
    assert found["level"] == {"applied": 0.25, "unit": "V", "low": 0.0, "high": 1.0, "given": "250m"}
    assert found["polarity"]["applied"] == "set"
    assert list(found["cells"]["applied"]) == [1, 2, 3]
    assert found["pulses.voltage"] == {"applied": 0.2, "unit": "V"}
    np.testing.assert_array_equal(found["weights"]["applied"], np.ones((2, 3)))
    assert list(found) == ["weights", "level", "polarity", "cells", "nothing", "pulses.voltage"]


def test_everything_needed_to_understand_it_later_is_there(recorder: Recorder, tmp_path: Path) -> None:
    recorder.end({"outcome": "finished", "bus_messages": 5})
    run = read_run(tmp_path)
    assert run.head["format"] == "labctl-run"
    assert run.head["format_version"] == 1
    assert run.head["mark"] == "SIMULATED"
    assert run.head["seed"] == load_bench("virtual_56x8").virtual.seed
    assert run.head["bench"]["text"] == load_bench("virtual_56x8").text
    assert len(run.head["bench"]["sha256"]) == 64
    assert run.head["instruments"]["matrix"]["identity"] == "a 707B"
    assert "serial" not in run.head["instruments"]["matrix"], "not an answer of four parts"
    assert run.head["conditions"] == {"stage_temperature": 300.0}
    assert run.head["sample"] == {"name": "virtual_56x8"}
    assert run.head["limits"]["compliance"] == 5e-3
    assert run.head["wiring"]["roles"]["drive"] == "B"
    assert len(run.head["plan_sha256"]) == 64
    assert run.head["monotonic_started"] > 0.0
    assert run.head["wiring"]["rows"]["H"] == "smu3.b through 20000 ohm"
    assert run.head["software"]["labctl"]
    assert run.head["software"]["libraries"]["h5py"] == h5py.__version__
    assert run.head["started"][-6] in "+-"
    assert run.head["bench_time_started"] == 12.5
    assert run.end["bus_messages"] == 5


def test_an_identity_is_taken_apart() -> None:
    assert identified("Keithley Instruments Inc., Model 2636B, 4012345, 3.2.2") == {
        "maker": "Keithley Instruments Inc.", "model": "Model 2636B", "serial": "4012345", "firmware": "3.2.2",
    }  # fmt: skip


def test_a_plan_is_known_by_its_checksum_and_its_cell() -> None:
    bench = load_bench("virtual_56x8")
    heads = [head("u", Forming(word=3, bit=bit), {}, bench, {}, 0.0) for bit in (5, 5, 6)]
    first, same, other = (each["plan_sha256"] for each in heads)
    assert first == same != other
    assert heads[0]["sample"]["cell"] == "word 3, bit 5"


def test_journal_and_hdf5_tell_the_same(recorder: Recorder, tmp_path: Path) -> None:
    for word in range(5):
        recorder.row(pulse(word))
    recorder.picture(Picture("map", np.eye(2), "S", ("word", "bit")))
    recorder.end({"outcome": "finished"})
    whole = read_run(tmp_path)
    (tmp_path / "journal only").mkdir()
    shutil.copy(tmp_path / "journal.jsonl", tmp_path / "journal only")
    from_journal = read_run(tmp_path / "journal only")
    assert from_journal.outcome is whole.outcome
    assert from_journal.tables["Pulse"].units == whole.tables["Pulse"].units
    for name, column in whole.tables["Pulse"].columns.items():
        np.testing.assert_array_equal(from_journal.tables["Pulse"].columns[name], column)
    np.testing.assert_array_equal(from_journal.pictures["map"].values, whole.pictures["map"].values)


def test_a_record_without_an_end_keeps_its_part_name(recorder: Recorder, tmp_path: Path) -> None:
    assert (tmp_path / "run.h5.part").exists()
    assert not (tmp_path / "run.h5").exists()
    recorder.end({"outcome": "aborted"})
    assert not (tmp_path / "run.h5.part").exists()
    assert (tmp_path / "run.h5").exists()


def test_a_block_without_one_of_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the column 'bit'"):
        layout(Pair).arrays(Block(Pair, {"word": np.arange(3)}))


def test_a_field_that_is_no_column_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match=r"Unequal\.values.*Picture"):
        layout(Unequal)
    with pytest.raises(TypeError, match=r"Words\.texts.*a row for each"):
        layout(Words)


def test_a_record_that_cannot_be_begun_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.h5.part").mkdir()
    with pytest.raises(RecordError, match="cannot be written"):
        Recorder(tmp_path, known(), WallClock())
    assert not (tmp_path / "journal.jsonl").exists()


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no run"):
        read_run(tmp_path)


@dataclass(frozen=True)
class Pair:
    word: int
    bit: int


@dataclass(frozen=True)
class Unequal:
    values: tuple[float, str]


@dataclass(frozen=True)
class Words:
    texts: tuple[str, ...]
