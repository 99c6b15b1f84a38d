"""The trigger model of the virtual 2636B: sweeps, stimuli, timers, the bus trigger."""

from itertools import pairwise

import pytest

from tests.sim.conftest import Smu

SWEEP = (
    "smua.trigger.source.linearv(0, 1, 5) smua.trigger.source.action = smua.ENABLE "
    "smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2) smua.trigger.measure.action = smua.ENABLE "
    "smua.trigger.count = 5 smua.source.output = 1 smua.measure.nplc = 0.01 "
)


def values(smu: Smu, buffer: str) -> list[float]:
    count = int(float(smu.ask(f"print({buffer}.n)")))
    return [float(text) for text in smu.ask(f"printbuffer(1, {count}, {buffer})").split(", ")]


def test_a_sweep_sources_measures_and_returns_to_the_programmed_level(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.trigger.initiate() waitcomplete()")
    assert values(smu, "smua.nvbuffer2") == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert values(smu, "smua.nvbuffer1") == pytest.approx([0.0, 2.5e-5, 5e-5, 7.5e-5, 1e-4])
    assert smu.ask("print(smua.nvbuffer1.sourcevalues[3])") == "5.00000e-01"
    assert (
        smu.ask("print(smua.source.levelv, status.operation.sweeping.condition)")
        == "0.00000e+00\t0.00000e+00"
    )
    assert smu.terminals[0].source.level == 0.0


def test_initiate_returns_at_once_and_the_sweep_shows_while_it_runs(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.trigger.initiate()")
    sweeping = "print(status.operation.sweeping.condition)"
    assert smu.ask(sweeping) == "2.00000e+00"
    polls = 0
    while smu.ask(sweeping) != "0.00000e+00":
        polls += 1
    assert 0 < polls < 100
    assert len(values(smu, "smua.nvbuffer1")) == 5


def test_a_sweep_too_short_to_be_seen_is_seen_once(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.trigger.initiate()")
    for _ in range(30):
        smu.visa.write("x = 1")
    assert smu.ask("print(status.operation.sweeping.condition)") == "2.00000e+00"
    assert smu.ask("print(status.operation.sweeping.condition)") == "0.00000e+00"


def test_a_sweep_waits_for_its_bus_trigger(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.trigger.arm.stimulus = trigger.EVENT_ID smua.trigger.initiate()")
    for _ in range(5):
        assert smu.ask("print(smua.nvbuffer1.n)") == "0.00000e+00"
    smu.visa.assert_trigger()
    assert smu.ask("waitcomplete() print(smua.nvbuffer1.n)") == "5.00000e+00"


def test_a_timer_paces_the_points_and_end_pulse_returns_to_idle(smu: Smu) -> None:
    smu.visa.write(
        SWEEP
        + "trigger.timer[1].delay = 0.02 trigger.timer[1].count = 4 trigger.timer[1].passthrough = true "
        "trigger.timer[1].stimulus = smua.trigger.ARMED_EVENT_ID "
        "smua.trigger.source.stimulus = trigger.timer[1].EVENT_ID "
        "trigger.timer[2].delay = 0.001 trigger.timer[2].stimulus = smua.trigger.SOURCE_COMPLETE_EVENT_ID "
        "smua.trigger.endpulse.stimulus = trigger.timer[2].EVENT_ID smua.trigger.endpulse.action = smua.SOURCE_IDLE "
        "smua.trigger.source.listv({1, 1, 1, 1, 1}) smua.trigger.initiate() waitcomplete()"
    )
    assert smu.ask("print(smua.nvbuffer1.n)") == "5.00000e+00"
    ups = [when for when, source in smu.terminals[0].history if source.level == 1.0]
    assert [later - first for first, later in pairwise(ups)] == pytest.approx([0.02] * 4)
    history = smu.terminals[0].history
    widths = [
        history[place + 1][0] - when for place, (when, source) in enumerate(history) if source.level == 1.0
    ]
    assert widths == pytest.approx([1e-3] * 5)


def test_two_channels_step_together_through_a_blender(smu: Smu) -> None:
    smu.visa.write(
        SWEEP + "smub.trigger.source.linearv(0, 2, 5) smub.trigger.source.action = 1 smub.trigger.count = 5 "
        "smub.trigger.measure.v(smub.nvbuffer1) smub.trigger.measure.action = 1 smub.source.output = 1 "
        "trigger.blender[1].stimulus[1] = smua.trigger.MEASURE_COMPLETE_EVENT_ID "
        "trigger.blender[1].stimulus[2] = smub.trigger.MEASURE_COMPLETE_EVENT_ID "
        "smua.trigger.endpulse.stimulus = trigger.blender[1].EVENT_ID "
        "smub.trigger.endpulse.stimulus = trigger.blender[1].EVENT_ID "
        "smua.trigger.initiate() smub.trigger.initiate() waitcomplete()"
    )
    assert values(smu, "smub.nvbuffer1") == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    assert smu.errors() == []


def test_a_blender_waits_for_all_of_its_stimuli_or_for_any(smu: Smu) -> None:
    smu.visa.write(
        SWEEP + "blend = trigger.blender[1] blend.stimulus[1] = trigger.generator[1].EVENT_ID "
        "blend.stimulus[2] = trigger.generator[2].EVENT_ID smua.trigger.arm.stimulus = blend.EVENT_ID "
    )
    readings = "print(smua.nvbuffer1.n)"
    smu.visa.write("smua.trigger.initiate() trigger.generator[1].assert()")
    assert [smu.ask(readings) for _ in range(5)] == ["0.00000e+00"] * 5
    assert smu.ask("trigger.generator[2].assert() waitcomplete() " + readings) == "5.00000e+00"
    smu.visa.write(
        "blend.orenable = true smua.trigger.initiate() trigger.generator[2].assert() waitcomplete()"
    )
    assert smu.ask(readings) == "5.00000e+00"


def test_a_sweep_may_have_a_limit_of_its_own(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.trigger.source.limiti = 1e-6 smua.trigger.initiate() waitcomplete()")
    assert max(values(smu, "smua.nvbuffer1")) == pytest.approx(1e-6)
    assert smu.terminals[0].source.limit == 0.1


@pytest.mark.parametrize(
    ("setup", "code"),
    [
        ("smua.trigger.source.action = 1", 5059),
        ("smua.trigger.measure.action = 1", 5060),
        ("smua.trigger.source.listv({}) ", 1401),
        ("smua.trigger.source.listv({300})", 1101),
        ("smua.source.rangev = 0.2 smua.trigger.source.listv({1}) smua.trigger.source.action = 1", 5005),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(smu: Smu, setup: str, code: int) -> None:
    smu.visa.write(setup + " smua.trigger.initiate() smua.abort()")
    assert smu.errors()[0][0] == code


def test_abort_ends_a_sweep(smu: Smu) -> None:
    smu.visa.write(SWEEP + "smua.measure.nplc = 10 smua.trigger.initiate()")
    smu.visa.write("smua.abort()")
    assert smu.ask("waitcomplete() print(smua.nvbuffer1.n)") == "0.00000e+00"
    smu.visa.write("smua.trigger.initiate()")
    smu.visa.clear()
    assert float(smu.ask("waitcomplete() print(smua.nvbuffer1.n)")) < 5


def test_a_script_waits_for_a_trigger(smu: Smu) -> None:
    assert smu.ask("print(trigger.wait(0.1))") == "false"
    smu.visa.write("print(trigger.wait(10))")
    smu.visa.write("*TRG")
    assert smu.visa.read() == "true\n"
    assert smu.clock.now() < 5.0
