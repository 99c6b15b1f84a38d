"""A wrong wire, relay or resistance changes what is measured: the measuring side cannot look past its terminals."""

import numpy as np
import pytest
import pyvisa

from labctl.bench import open_bench
from labctl.core.lines import Cell
from tests.bench.truth import make_sample, write_bench

CELL = Cell(3, 5)


@pytest.fixture
def conductance():
    """Every cell another conductance, 20 to 180 uS."""
    return np.random.default_rng(7).permutation(np.linspace(20e-6, 180e-6, 56 * 8)).reshape(56, 8)


def read(path, *cells):
    """Apparent conductances, S."""
    found = []
    with open_bench(path) as bench:
        for cell in cells:
            with bench.connect_cell(bench.router.cell_read(cell, 0.1)) as view:
                found.append(view.read(0.1).conductance)
    return found


def test_a_right_bench_reads_the_cells_it_names(tmp_path, conductance):
    path = write_bench(tmp_path / "bench.toml")
    make_sample(path, conductance)
    cells = [CELL, Cell(4, 5), Cell(3, 2)]
    for cell, found in zip(cells, read(path, *cells), strict=True):
        assert found == pytest.approx(conductance[cell], rel=0.25)


def test_two_swapped_wires_swap_what_is_read(tmp_path, conductance):
    swapped = (
        '"1-56" = "word 0-55"',
        '"1-3" = "word 0-2"\n"4" = "word 4"\n"5" = "word 3"\n"6-56" = "word 5-55"',
    )
    truth = write_bench(tmp_path / "truth.toml", swapped)
    make_sample(truth, conductance)
    belief = write_bench(tmp_path / "belief.toml", truth=truth)
    first, second = read(belief, Cell(3, 5), Cell(4, 5))
    right_first, right_second = read(truth, Cell(3, 5), Cell(4, 5))
    assert first == pytest.approx(right_second, rel=0.03)
    assert second == pytest.approx(right_first, rel=0.03)
    assert abs(right_first / right_second - 1) > 0.2


def test_a_wire_that_is_not_there_reads_nothing(tmp_path, conductance):
    truth = write_bench(
        tmp_path / "truth.toml", ('"57-64" = "bit 0-7"', '"57-61" = "bit 0-4"\n"63-64" = "bit 6-7"')
    )
    make_sample(truth, conductance)
    belief = write_bench(tmp_path / "belief.toml", truth=truth)
    open_line, sound = read(belief, Cell(3, 5), Cell(3, 4))
    assert abs(open_line) < 0.02e-6
    assert sound > 15e-6


def test_line_resistance_takes_its_share(tmp_path, conductance):
    far = Cell(0, 7)
    readings = {}
    for ohm in ("0 ohm", "2 ohm", "20 ohm"):
        path = write_bench(
            tmp_path / f"bench{ohm[:2].strip()}.toml",
            ('segment_resistance = "2 ohm"', f'segment_resistance = "{ohm}"'),
        )
        make_sample(path, conductance)
        (readings[ohm],) = read(path, far)
    assert readings["0 ohm"] == pytest.approx(conductance[far], rel=0.03)
    assert readings["20 ohm"] < 0.8 * readings["2 ohm"] < 0.8 * readings["0 ohm"]


def test_a_crosspoint_opened_behind_the_benchs_back_is_missed(tmp_path, conductance):
    path = write_bench(tmp_path / "bench.toml")
    make_sample(path, conductance)
    with open_bench(path) as bench:
        route = bench.router.cell_read(CELL, 0.1)
        with bench.connect_cell(route) as view:
            whole = view.read(0.1).conductance
            matrix = pyvisa.ResourceManager(bench.file.library).open_resource("GPIB0::16::INSTR")
            matrix.write('channel.open("1B04")')
            cut = view.read(0.1).conductance
            matrix.write('channel.close("1B04")')
            again = view.read(0.1).conductance
            matrix.close()
    assert abs(cut) < 0.02e-6
    assert again == pytest.approx(whole, rel=0.03)


def test_any_visa_program_can_type_tsp(tmp_path):
    path = write_bench(tmp_path / "bench.toml")
    manager = pyvisa.ResourceManager(f"{path}@labctl")
    smu, matrix = (manager.open_resource(f"GPIB0::{number}::INSTR") for number in (21, 16))
    assert abs(float(smu.query("print(smua.measure.i())"))) < 1e-9
    matrix.write('channel.close("1A03")')
    assert matrix.query('print(channel.getclose("allslots"))').strip() == "1A03"
    before = manager.visalib.clock.now()
    with pytest.raises(pyvisa.VisaIOError, match="VI_ERROR_TMO"):
        smu.query("smua.mesure.i()")
    assert manager.visalib.clock.now() - before == pytest.approx(smu.timeout / 1000, rel=0.05)
    code, message, *_ = smu.query("print(errorqueue.next())").split("\t")
    assert float(code) == -286
    assert "mesure" in message
    manager.close()


def test_two_programs_in_a_row_see_one_sample(tmp_path, conductance):
    path = write_bench(tmp_path / "bench.toml")
    make_sample(path, conductance)
    with open_bench(path) as bench:
        first = bench.clock.now()
        with bench.connect_cell(bench.router.cell_read(CELL, 0.1)) as view:
            view.read(0.1)
        last = bench.clock.now()
    with open_bench(path) as bench:
        assert bench.clock.now() >= last > first
    (found,) = read(path, CELL)
    assert found == pytest.approx(conductance[CELL], rel=0.25)
