"""The virtual 2636B at a fake resistor: sourcing, limits, ranges, output states, buffers, digital lines."""

import pytest

from labctl.physics.circuit import Drive
from labctl.sim.keithley2600_ranges import CURRENT, VOLTAGE, Calibration, smallest
from tests.sim.conftest import Smu
from tests.sim.fakes import FakeNoise


def numbers(text: str) -> list[float]:
    return [float(value) for value in text.split("\t")]


def drives(smu: Smu, channel: int = 0) -> list[tuple[float, float]]:
    """(time, level) of every voltage the terminal saw."""
    return [(when, source.level) for when, source in smu.terminals[channel].history]


# --- sourcing and reading ---------------------------------------------------------------------------------


def test_sources_volts_and_reads_amps(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 0.5 smua.source.output = smua.OUTPUT_ON")
    assert numbers(smu.ask("print(smua.measure.i())")) == [pytest.approx(5e-5)]
    assert numbers(smu.ask("print(smua.measure.iv())")) == pytest.approx([5e-5, 0.5])
    assert numbers(smu.ask("print(smua.measure.r(), smua.measure.p())")) == pytest.approx([1e4, 2.5e-5])
    assert smu.terminals[1].source.level == 0.0, "the other channel stays"


def test_sources_amps_with_a_voltage_limit(smu: Smu) -> None:
    smu.visa.write("smub.source.func = smub.OUTPUT_DCAMPS smub.source.limitv = 2 smub.source.leveli = 1e-4")
    smu.visa.write("smub.source.output = 1")
    assert numbers(smu.ask("print(smub.measure.v())")) == [pytest.approx(1.0)]
    smu.visa.write("smub.source.leveli = 1e-3")
    answer = numbers(smu.ask("print(smub.measure.v(), status.measurement.instrument.smub.condition)"))
    assert answer == [pytest.approx(2.0), 1.0]


def test_the_limit_bits_follow_measurements_only(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.limiti = 1e-6 smua.source.output = 1")
    assert smu.terminals[0].source.limit == 1e-6
    assert 1e-6 < smu.terminals[0].source.response_time < 1e-3
    condition = "print(status.measurement.instrument.smua.condition)"
    assert numbers(smu.ask(condition)) == [0.0]
    assert numbers(smu.ask("print(smua.measure.i())")) == [pytest.approx(1e-6)]
    assert numbers(smu.ask(condition)) == [2.0]
    smu.visa.write("smua.source.limiti = 1e-3")
    assert numbers(smu.ask(condition)) == [2.0]
    assert smu.ask("print(smua.source.compliance)") == "false"
    assert numbers(smu.ask(condition)) == [0.0]


def test_a_pulse_in_one_chunk_has_exactly_its_width(smu: Smu) -> None:
    smu.visa.write("smub.source.rangev = 2 smub.source.output = 1")
    smu.visa.write("smub.source.levelv=1.2 delay(2e-4) smub.source.levelv=0")
    (up, high), (down, low) = drives(smu, 1)[-2:]
    assert (high, low) == (1.2, 0.0)
    assert down - up == pytest.approx(2e-4, rel=1e-9)


def test_auto_ranging_does_not_stretch_a_pulse(smu: Smu) -> None:
    smu.visa.write("smub.source.output = 1")
    smu.visa.write("smub.source.levelv=1.2 delay(2e-4) smub.source.levelv=0")
    (up, _), (down, _) = drives(smu, 1)[-2:]
    assert down - up == pytest.approx(2e-4, rel=1e-9)
    assert numbers(smu.ask("print(smub.source.rangev)")) == [0.2]


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code", "kept"),
    [
        ("smua.source.levelv = 203", 1101, "smua.source.levelv"),
        ("smua.source.levelv = -203", 1102, "smua.source.levelv"),
        ("smua.source.levelv = 'high'", -104, "smua.source.levelv"),
        ("smua.source.levelv = 0/0", -104, "smua.source.levelv"),
        ("smua.source.limiti = 0", 1102, "smua.source.limiti"),
        ("smua.source.limiti = 2", 1101, "smua.source.limiti"),
        ("smua.source.func = 2", 1101, "smua.source.func"),
        ("smua.measure.nplc = 0", 1102, "smua.measure.nplc"),
        ("smua.measure.count = 1.5", 1401, "smua.measure.count"),
        ("smua.source.limiti = 1 smua.source.levelv = 100", 5007, "smua.source.levelv"),
    ],
)
def test_refused_values_change_nothing(smu: Smu, command: str, code: int, kept: str) -> None:
    before = smu.ask(f"print({kept})")
    smu.visa.write(command)
    assert [found for found, _ in smu.errors()] == [code]
    assert smu.ask(f"print({kept})") == before


def test_a_level_beyond_a_fixed_range_is_told_when_the_output_comes_on(smu: Smu) -> None:
    """2600BS-901-01 p. 2-84: no error until the output is turned on."""
    smu.visa.write("smua.source.rangev = 0.2 smua.source.levelv = 1")
    assert smu.errors() == []
    smu.visa.write("smua.source.output = 1")
    assert smu.errors() == [(5005, "Value too big for range")]
    assert numbers(smu.ask("print(smua.source.output)")) == [0.0]
    smu.visa.write("smua.source.levelv = 0.1 smua.source.output = 1 smua.source.levelv = 1")
    assert smu.errors() == [(5005, "Value too big for range")]
    assert smu.terminals[0].source.level == 0.1


# --- ranges -----------------------------------------------------------------------------------------------


def test_auto_ranging_finds_the_measure_range(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 0.1 smua.source.output = 1")
    for resistance, scale in ((500.0, 1e-3), (1e8, 1e-9), (2e10, 1e-10), (1.0, 0.1)):
        smu.terminals[0].resistance = resistance
        answer = numbers(smu.ask("print(smua.measure.i(), smua.measure.rangei)"))
        assert answer == pytest.approx([0.1 / resistance, scale])


def test_beyond_a_fixed_range_the_reading_overflows(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = -1 smua.source.output = 1 smua.measure.rangei = 1e-6")
    assert smu.ask("print(smua.measure.autorangei)") == "0.00000e+00"
    assert smu.ask("print(smua.measure.i())") == "-9.91000e+37"
    assert numbers(smu.ask("print(status.measurement.instrument.smua.condition)")) == [128.0]


def test_a_sourced_quantity_is_measured_on_the_source_range(smu: Smu) -> None:
    """2600BS-901-01 p. 2-84."""
    smu.visa.write("smua.source.rangev = 2 smua.measure.rangev = 20 smua.source.output = 1")
    assert numbers(smu.ask("print(smua.measure.rangev)")) == [2.0]
    smu.visa.write("smua.source.func = 0")
    assert numbers(smu.ask("print(smua.measure.rangev)")) == [20.0]


def test_range_tables_ascend_and_hold_their_full_scale() -> None:
    for table in (VOLTAGE, CURRENT):
        scales = [scale.full_scale for scale in table]
        assert scales == sorted(scales)
        for scale in table:
            assert smallest(table, scale.full_scale) is scale
            assert smallest(table, -scale.measure_maximum) is scale
    assert smallest(CURRENT, 0.0, sourcing=True).full_scale == 1e-9, "100 pA only measures"


# --- accuracy ---------------------------------------------------------------------------------------------


def test_errors_stay_within_the_data_sheet() -> None:
    extreme = Calibration(FakeNoise(constants=9.0), "a")
    for scale in VOLTAGE:
        gain, offset = scale.measure
        read = extreme.measured("v", scale, scale.full_scale, 1.0)
        assert read - scale.full_scale == pytest.approx(gain * scale.full_scale + offset)


def test_an_offset_shows_at_zero_volts(smu: Smu) -> None:
    smu.noise.constants = 2.0
    smu.visa.write("smua.source.output = 1")
    assert smu.terminals[0].source.level == pytest.approx(375e-6)
    assert numbers(smu.ask("print(smua.measure.i())"))[0] == pytest.approx(37.5e-9, rel=0.01)


@pytest.mark.parametrize(("nplc", "quieter"), [(1.0, 0.01), (25.0, 1.0)])
def test_longer_integration_is_quieter(smu: Smu, nplc: float, quieter: float) -> None:
    smu.noise.normals = 1.0
    smu.visa.write("smua.source.output = 1 smua.measure.rangei = 1e-6")
    noise = []
    for cycles in (quieter, nplc):
        smu.visa.write(f"smua.measure.nplc = {cycles}")
        noise.append(numbers(smu.ask("print(smua.measure.i())"))[0])
    assert 0.0 < noise[1] < noise[0]


# --- time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("nplc", "rate"), [(0.001, 18_000), (0.01, 4_200), (0.1, 490), (1.0, 49)])
def test_readings_take_the_time_of_the_data_sheet(smu: Smu, nplc: float, rate: float) -> None:
    """Measure to memory at 50 Hz: 20000, 4000, 490, 49 readings a second."""
    smu.visa.write(f"smua.measure.nplc = {nplc} smua.measure.autorangei = 0 smua.measure.count = 100")
    begin = smu.clock.now()
    smu.visa.write("smua.measure.i(smua.nvbuffer1)")
    smu.ask("*OPC?")
    assert 100 / (smu.clock.now() - begin) == pytest.approx(rate, rel=0.12)


def test_count_and_interval_fill_a_buffer(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.output = 1 smua.measure.nplc = 0.01")
    smu.visa.write("smua.measure.autorangei = 0 smua.measure.count = 5 smua.measure.interval = 0.01")
    smu.visa.write("smua.measure.i(smua.nvbuffer1)")
    assert numbers(smu.ask("print(smua.nvbuffer1.n)")) == [5.0]
    times = smu.ask("printbuffer(1, 5, smua.nvbuffer1.timestamps)").split(", ")
    assert [float(value) for value in times] == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04], abs=1e-6)
    answer = numbers(smu.ask("print(smua.nvbuffer1[2], smua.nvbuffer1.sourcevalues[2])"))
    assert answer == pytest.approx([1e-4, 1.0])
    assert numbers(smu.ask("print(smua.nvbuffer1.readings.getreading(5))")) == pytest.approx([1e-4])


def test_buffers_clear_append_and_interleave(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.output = 1")
    smu.visa.write(
        "smua.measure.iv(smua.nvbuffer1, smua.nvbuffer2) smua.measure.iv(smua.nvbuffer1, smua.nvbuffer2)"
    )
    assert numbers(smu.ask("print(smua.nvbuffer1.n)")) == [1.0]
    smu.visa.write("smua.nvbuffer1.appendmode = 1 smua.measure.i(smua.nvbuffer1)")
    assert numbers(smu.ask("print(smua.nvbuffer1.n)")) == [2.0]
    assert smu.ask("printbuffer(1, 1, smua.nvbuffer1, smua.nvbuffer2)") == "1.00000e-04, 1.00000e+00"
    smu.visa.write("printbuffer(1, 9, smua.nvbuffer1)")
    smu.visa.write("smua.measure.i(7)")
    smu.visa.write("smua.nvbuffer1.clear()")
    assert [code for code, _ in smu.errors()] == [4901, 1401]
    assert (
        smu.ask("mine = smua.makebuffer(2) smua.measure.count = 3 smua.measure.i(mine) print(mine.n)")
        == "2.00000e+00"
    )


def test_overlapped_measuring_goes_on_beside_the_script(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.output = 1 smua.measure.count = 10")
    smu.visa.write("smua.measure.autorangei = 0 smua.measure.overlappedi(smua.nvbuffer1)")
    early = numbers(smu.ask("print(smua.nvbuffer1.n)"))[0]
    assert early < 10
    assert numbers(smu.ask("waitcomplete() print(smua.nvbuffer1.n)")) == [10.0]


# --- output off -------------------------------------------------------------------------------------------


def test_output_off_is_zero_volts_with_one_milliamp(smu: Smu) -> None:
    off = smu.terminals[0].source
    assert (off.drive, off.level, off.limit) == (Drive.VOLTAGE, 0.0, 1e-3)
    smu.visa.write("smua.source.offlimiti = 1e-4")
    assert smu.terminals[0].source.limit == 1e-4
    smu.visa.write("smua.source.offfunc = smua.OUTPUT_DCAMPS")
    off = smu.terminals[0].source
    assert (off.drive, off.level, off.limit) == (Drive.CURRENT, 0.0, 40.0)


def test_high_z_opens_the_output(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.output = 1 smua.source.offmode = smua.OUTPUT_HIGH_Z")
    assert smu.terminals[0].source.drive is Drive.VOLTAGE
    smu.visa.write("smua.source.output = 0")
    assert smu.terminals[0].source.drive is Drive.OPEN
    smu.visa.write("smua.source.offmode = smua.OUTPUT_ZERO")
    off = smu.terminals[0].source
    assert (off.drive, off.level, off.limit) == (Drive.VOLTAGE, 0.0, 0.1)


def test_reset_switches_off_and_forgets(smu: Smu) -> None:
    smu.visa.write("smua.source.levelv = 1 smua.source.limiti = 1e-6 smua.source.output = 1")
    smu.visa.write("reset()")
    assert smu.terminals[0].source.level == 0.0
    assert numbers(smu.ask("print(smua.source.output, smua.source.levelv, smua.source.limiti)")) == [
        0.0,
        0.0,
        0.1,
    ]


# --- digital lines ----------------------------------------------------------------------------------------


def test_digital_lines(smu: Smu) -> None:
    assert smu.digital.lines == dict.fromkeys(range(1, 15), True)
    assert (
        smu.ask("digio.writebit(3, 0) print(digio.readbit(3), digio.readbit(4))")
        == "0.00000e+00\t1.00000e+00"
    )
    assert [line for line, high in smu.digital.lines.items() if not high] == [3]
    smu.visa.write("digio.writeport(0) digio.writebit(15, 1) digio.writebit(1, 2)")
    assert [code for code, _ in smu.errors()] == [1801, 1101]
    smu.visa.write("digio.writeprotect = 1 digio.writeport(3)")
    assert numbers(smu.ask("print(digio.readport())")) == [2.0]
