"""Feature maps on the virtual bench: they agree with software, and every fault of the bench shows in them."""

import numpy as np
import pytest

from labctl.analysis.mapping import Wires, compensate
from labctl.bench import open_bench
from labctl.core.errors import LinkLost
from labctl.core.paths import find_preset
from labctl.nn.calibration_patches import natural_patches
from labctl.nn.card import load_card
from labctl.nn.coding import Coding, plan_columns
from labctl.nn.fidelity import compare
from labctl.nn.layer import edge_filters
from labctl.physics.vo2 import Neurons
from labctl.sim.visa_library import LabctlVisaLibrary
from procedures.feature_map import FeatureMap
from procedures.patches import InputRows, read_patch
from procedures.stage_settle import StageSettle
from tests.bench.truth import make_sample, write_bench

CODING = Coding()
CARD = load_card("centred_rgb")
LAYER = edge_filters()
TRIM = 0.195
SIDE = 6


@pytest.fixture(scope="module")
def steps():
    """(patches, 27) input levels of SIDE * SIDE patches that look like a photograph's."""
    return CODING.quantise(natural_patches(SIDE * SIDE, 11, CARD) / CARD.span)


@pytest.fixture(scope="module")
def software(steps):
    """(8, SIDE, SIDE) what the filters make of the patches as coded."""
    return LAYER.respond(CODING.inputs[steps] * CARD.span).T.reshape(8, SIDE, SIDE)


@pytest.fixture(scope="module")
def equal_neurons(tmp_path_factory):
    """A preset whose neurons are all alike, so that one trim suits them all without calibration."""
    text = find_preset("generic_vo2").read_text(encoding="utf-8")
    for spread, value in (("[thermal_spread]\nvalue = ", "0.05"), ("[output_spread]\nvalue = ", "0.1")):
        assert spread + value in text
        text = text.replace(spread + value, spread + "0.0")
    path = tmp_path_factory.mktemp("preset") / "equal.toml"
    path.write_text(text, encoding="utf-8")
    return ('neurons = "generic_vo2"', f'neurons = "{path.as_posix()}"')


@pytest.fixture
def world(tmp_path, equal_neurons):
    """Makes a bench file: alterations of the truth, a sample that carries the eight filters."""
    target = plan_columns(LAYER.weights(), CODING, 56, 8).target
    conductance = compensate(target, Wires(segment=2.0, path=1.0, foot=250.0), 2e-6, 300e-6)

    def make(*replacements):
        truth = write_bench(tmp_path / "truth.toml", equal_neurons, *replacements)
        make_sample(truth, conductance)
        return write_bench(tmp_path / "belief.toml", truth=truth)

    return make


def inputs_of(bench):
    rows = CODING.rows_of_levels(bench.level_rows, bench.ground_row)
    return InputRows(
        voltages=tuple(float(volts) for volts in CODING.voltages),
        rows=tuple(rows[level] for level in range(CODING.levels)),
        ground_row=bench.ground_row,
        trim_row=bench.trim_row,
        bias_words=(54, 55),
    )


def finish(experiment):
    """Drain a generator; what it returns."""
    while True:
        try:
            next(experiment)
        except StopIteration as end:
            return end.value


def maps_of(path, steps, kelvin=313.0):
    """(8, SIDE, SIDE) output currents, A."""
    with open_bench(path) as bench:
        finish(StageSettle(temperature=kelvin, hold=0.0).run(bench))
        inputs = inputs_of(bench)
        step = FeatureMap(word_levels=CODING.word_levels(steps), inputs=inputs, shape=(SIDE, SIDE), trim=TRIM)
        with bench.connect_computing(inputs.largest(TRIM), range(8)) as array:
            return finish(step.on(array, bench.word_lines))


def errors(maps, software):
    """Gain-fitted relative L2 of each map, its dark current taken off."""
    return np.array(
        [compare(each - each.min(), wanted).relative_l2 for each, wanted in zip(maps, software, strict=True)]
    )


@pytest.fixture(scope="module")
def right_maps(tmp_path_factory, equal_neurons, steps):
    """Maps of a bench without a fault."""
    target = plan_columns(LAYER.weights(), CODING, 56, 8).target
    conductance = compensate(target, Wires(segment=2.0, path=1.0, foot=250.0), 2e-6, 300e-6)
    path = write_bench(tmp_path_factory.mktemp("right") / "bench.toml", equal_neurons)
    make_sample(path, conductance)
    return maps_of(path, steps)


def test_maps_agree_with_software(right_maps, software):
    found = errors(right_maps, software)
    assert np.median(found) < 0.25
    assert np.median(found[:6]) < 0.2


def test_an_unplugged_output_kills_its_map_and_no_other(world, steps, right_maps):
    path = world(('"65-72" = "neuron 0-7"', '"65-67" = "neuron 0-2"\n"69-72" = "neuron 4-7"'))
    maps = maps_of(path, steps)
    assert np.max(np.abs(maps[3])) < 0.01e-6 < np.max(right_maps[3])
    others = [0, 1, 2, 4, 5, 6, 7]
    for neuron in others:
        assert compare(maps[neuron], right_maps[neuron]).relative_l2 < 0.1


def test_a_stage_that_is_off_shows(world, steps, right_maps, software):
    path = world()
    for kelvin in (308.0, 318.0):
        found = errors(maps_of(path, steps, kelvin), software)
        assert np.median(found) > 1.5 * np.median(errors(right_maps, software))


def test_a_missing_reset_between_patches_shows(world, steps, right_maps, software, monkeypatch):
    """A heater that stays warm between patches, at the pedestal, keeps the phase that the hottest patch left."""
    warm = Neurons.warm
    pedestal = 0.9 * 250.0 * (190e-6) ** 2

    def never_cold(self, heater_power, film_voltage, base, duration):
        warm(self, np.maximum(heater_power, pedestal), film_voltage, base, duration)

    monkeypatch.setattr(Neurons, "warm", never_cold)
    found = errors(maps_of(world(), steps), software)
    assert np.median(found) > 1.5 * np.median(errors(right_maps, software))


def test_line_resistance_shows(world, steps, right_maps):
    for ohm in ("0 ohm", "20 ohm"):
        maps = maps_of(world(('segment_resistance = "2 ohm"', f'segment_resistance = "{ohm}"')), steps)
        change = [np.linalg.norm(maps[n] - right_maps[n]) / np.linalg.norm(right_maps[n]) for n in range(8)]
        assert min(change) > 0.1


def test_a_patch_costs_the_messages_of_its_plan(world, steps, monkeypatch):
    said = []
    write = LabctlVisaLibrary.write

    def listen(self, session, data):
        said.append(data.decode().strip())
        return write(self, session, data)

    monkeypatch.setattr(LabctlVisaLibrary, "write", listen)
    words = CODING.word_levels(steps)
    with open_bench(world()) as bench:
        inputs = inputs_of(bench)
        with bench.connect_computing(inputs.largest(TRIM), range(8)) as array:
            read_patch(array, inputs, words[0], 56, TRIM, range(8))
            before = bench.messages
            said.clear()
            read_patch(array, inputs, words[1], 56, TRIM, range(8))
            spoken = list(said)
            assert bench.messages - before == len(spoken)
    moved = words[0] != words[1]
    rows = {inputs.rows[level] for level in (*words[0][moved], *words[1][moved])} - {"G"}
    plan = {
        "inputs back to 0 V, a message per instrument": 3,
        "rows whose relays will move, seen to be quiet": len(rows),
        "word lines regrouped": 1,
        "inputs raised, a message per instrument": 3,
        "each output: its source quiet, relays, read": 8 * 3,
        "the last output: its source quiet, relay": 2,
    }
    assert len(spoken) == sum(plan.values()), "\n".join(spoken)
    assert sum("channel." in message for message in spoken) == 1 + 8 + 1
    assert sum("smub.source.levelv = 0.05" in message for message in spoken) == 8


def test_without_the_wire_nothing_is_measured(world, steps, monkeypatch):
    with open_bench(world()) as bench:
        inputs = inputs_of(bench)
        with bench.connect_computing(inputs.largest(TRIM), range(8)) as array:

            def dead(self, session, data):
                raise ConnectionError("the wire is cut")

            with monkeypatch.context() as cut:
                cut.setattr(LabctlVisaLibrary, "write", dead)
                with pytest.raises(LinkLost, match="wire is cut"):
                    read_patch(array, inputs, CODING.word_levels(steps)[0], 56, TRIM, range(8))
