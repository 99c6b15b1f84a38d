"""The whole bench on virtual instruments: opened, checked, formed, programmed, left safe."""

import pytest

from labctl.bench import Bench, open_bench
from labctl.benchfile import load_bench
from labctl.core.errors import InstrumentError, LimitExceeded, LinkLost, NotConfirmed, UnsupportedByBench
from labctl.core.lines import Cell
from labctl.core.route import Scheme

CELL = Cell(3, 5)


@pytest.fixture(autouse=True)
def samples(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))


@pytest.fixture
def altered(tmp_path):
    """A bench file like virtual_56x8 with pieces of its text replaced."""

    def write(*replacements):
        text = load_bench("virtual_56x8").text
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "altered.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def form(view):
    amplitude = 0.8
    while view.read(0.1).conductance < 1e-6 and amplitude < 1.8:
        view.pulse(amplitude, 500e-6)
        amplitude += 0.05
    return view.read(0.1)


def test_a_cell_is_formed_reset_and_set():
    with open_bench("virtual_56x8") as bench:
        with bench.connect_cell(bench.router.cell_read(CELL, 0.1)) as view:
            assert view.read(0.1).conductance < 100e-9
        with bench.connect_cell(bench.router.cell_form(CELL, 1.8, Scheme.THIRD)) as view:
            assert form(view).conductance > 10e-6
        with bench.connect_cell(bench.router.cell_write(CELL, 1.0, Scheme.HALF, 300e-6)) as view:
            view.pulse(-0.9, 200e-6)
            low = view.read(0.1)
            assert low.conductance < 5e-6
            before = bench.messages
            view.pulse(0.75, 200e-6)
            high = view.read(0.1)
            assert bench.messages - before <= 6
            assert high.conductance > 3 * low.conductance
            assert high.source_current == pytest.approx(high.current, rel=0.05)
        assert {row.state for row in bench.check() if row.driver == "keithley2636b"} == {
            "a 0 V off, b 0 V off"
        }
        assert all(row.sound for row in bench.check())


def test_every_end_leaves_outputs_off_and_relays_open():
    with (  # noqa: PT012
        pytest.raises(ZeroDivisionError),
        open_bench("virtual_56x8") as bench,
        bench.connect_cell(bench.router.cell_write(CELL, 1.0, Scheme.HALF, 300e-6)) as view,
    ):
        view.pulse(0.5, 200e-6)
        raise ZeroDivisionError
    with open_bench("virtual_56x8") as bench:
        states = {row.name: row.state for row in bench.check()}
    assert states["matrix"] == "0 relays closed"
    assert states["smu1"] == "a 0 V off, b 0 V off"


def test_the_stage_is_kept_within_its_limits():
    with open_bench("virtual_56x8") as bench:
        assert bench.stage.temperature() == pytest.approx(296.0, abs=1.0)
        bench.stage.set_setpoint(313.0)
        bench.clock.wait(600.0)
        assert bench.stage.temperature() == pytest.approx(313.0, abs=1.0)
        with pytest.raises(LimitExceeded, match="285 K to 330 K"):
            bench.stage.set_setpoint(350.0)


def test_an_instrument_that_cannot_be_made_safe_is_named_and_the_rest_is_tried():
    bench = open_bench("virtual_56x8")
    matrix = bench._matrix

    def stuck():
        raise NotConfirmed("1A01 did not open")

    matrix.make_safe = stuck
    sentences = bench.make_safe()
    assert sentences == ["matrix could not be made safe: 1A01 did not open."]
    with pytest.raises(NotConfirmed, match="1A01"), bench:
        pass


def test_a_wrong_model_at_an_address_is_refused():
    file = load_bench("virtual_56x8")
    other = {"smu2": file.instruments["smu2"].model_copy(update={"driver": "keithley2602b"})}
    claimed = file.model_copy(update={"instruments": file.instruments | other})
    with pytest.raises(
        InstrumentError, match="smu2: at GPIB0::22::INSTR answers .*2636B.* says keithley2602b"
    ):
        Bench(claimed)


def test_identities_and_roles_are_told():
    with open_bench("virtual_56x8") as bench:
        assert "2636B" in bench.identities()["smu1"]
        roles = {row.name: row.role for row in bench.check()}
        assert roles["smu3"] == "a row E, b row F, b row H, relays of 8 heaters"
        assert roles["matrix"] == "matrix, 72 columns"


def test_a_bench_without_what_a_procedure_needs_says_so(altered):
    path = altered(('[stage]\ninstrument = "stage"\nloop = 1\ninput = "A"\n', ""))
    with open_bench(path) as bench, pytest.raises(UnsupportedByBench, match="no stage"):
        _ = bench.stage


def test_a_missing_instrument_is_one_sentence():
    file = load_bench("virtual_56x8")
    visa = file.visa.model_copy(update={"addresses": file.visa.addresses | {"smu2": "GPIB0::9::INSTR"}})
    with pytest.raises(LinkLost, match="smu2 .2636B. does not answer at GPIB0::9::INSTR"):
        Bench(file.model_copy(update={"visa": visa}))


def test_forming_with_half_select_spares_the_row_mates():
    """The word line behind 20 kohm is let settle before its bystanders' bias goes: a row-mate stays as it was."""
    mate, formed = Cell(2, 0), Cell(2, 1)
    with open_bench("virtual_56x8") as bench:
        with bench.connect_cell(bench.router.cell_form(mate, 1.6, Scheme.HALF)) as view:
            for amplitude in (1.2, 1.3, 1.4, 1.5, 1.6):
                if view.read(0.1).conductance > 20e-6:
                    break
                view.pulse(amplitude, 500e-6)
        with bench.connect_cell(bench.router.cell_write(mate, 1.0, Scheme.HALF, 300e-6)) as view:
            for _ in range(20):
                if view.read(0.1).conductance < 4e-6:
                    break
                view.pulse(-0.9, 200e-6)
            before = view.read(0.1).conductance
        with bench.connect_cell(bench.router.cell_form(formed, 1.2, Scheme.HALF)) as view:
            for _ in range(5):
                view.pulse(0.9, 500e-6)
        with bench.connect_cell(bench.router.cell_read(mate, 0.1)) as view:
            after = view.read(0.1).conductance
        assert 1e-6 < before < 4e-6
        assert after < 1.5 * before
