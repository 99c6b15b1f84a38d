"""The network correction against an independent dense nodal solution."""

import numpy as np
import pytest

from labctl.analysis.correction import CellCorrection, ReadNetwork
from labctl.core.lines import Cell
from tests.analysis.nodal import apparent_map, read_current

WIRES = {"segment": 20.0, "path": 3.0}
CELL = Cell(2, 3)


@pytest.fixture
def conductance():
    exponent = np.random.default_rng(7).uniform(np.log(5e-6), np.log(200e-6), (9, 5))
    return np.exp(exponent)


def network(shape, common=0.0):
    return ReadNetwork(*shape, WIRES["segment"], WIRES["path"], common)


@pytest.mark.parametrize("common", [0.0, 5.0])
def test_it_undoes_what_the_network_did_to_every_cell(conductance, common):
    apparent = apparent_map(conductance, common=common, **WIRES)
    assert np.max(np.abs(apparent / conductance - 1)) > 0.05, "the network must matter here"
    corrected = [
        network(conductance.shape, common)
        .correction(conductance, Cell(word, bit))
        .conductance(apparent[word, bit])
        for word, bit in np.ndindex(conductance.shape)
    ]
    np.testing.assert_allclose(corrected, conductance.ravel(), rtol=1e-6)


def test_the_cells_own_entry_in_the_map_is_not_used(conductance):
    other = conductance.copy()
    other[CELL] *= 50
    one = network(conductance.shape).correction(conductance, CELL)
    assert network(conductance.shape).correction(other, CELL) == one


def test_the_map_that_is_passed_stays_as_it_is(conductance):
    before = conductance.copy()
    network(conductance.shape).correction(conductance, CELL)
    np.testing.assert_array_equal(conductance, before)


def test_one_correction_serves_all_conductances_of_its_cell(conductance):
    correction = network(conductance.shape, 5.0).correction(conductance, CELL)
    for own in (1e-9, 2e-6, 80e-6, 1e-3):
        conductance[CELL] = own
        read = read_current(conductance, *CELL, common=5.0, **WIRES)
        assert correction.conductance(read) == pytest.approx(own, rel=1e-6, abs=1e-12)
        assert correction.apparent(own) == pytest.approx(read, rel=1e-6)


def test_errors_of_the_other_cells_hardly_matter():
    rng = np.random.default_rng(3)
    conductance = np.exp(rng.uniform(np.log(5e-6), np.log(200e-6), (56, 8)))
    wrong = conductance * rng.choice([0.8, 1.2], conductance.shape)
    wires = ReadNetwork(56, 8, 2.0, 1.0)
    uncorrected, errors = [], []
    for cell in (Cell(word, bit) for word in range(0, 56, 5) for bit in range(8)):
        read = wires.correction(conductance, cell).apparent(float(conductance[cell]))
        uncorrected.append(abs(read / conductance[cell] - 1))
        errors.append(abs(wires.correction(wrong, cell).conductance(read) / conductance[cell] - 1))
    assert np.max(uncorrected) > 0.15
    assert np.median(errors) < 0.005
    assert np.max(errors) < 0.02


@pytest.mark.parametrize("common", [0.0, 5.0])
def test_a_whole_map_is_found_from_its_reads_alone(conductance, common):
    apparent = apparent_map(conductance, common=common, **WIRES)
    found = network(conductance.shape, common).corrected(apparent)
    np.testing.assert_allclose(found, conductance, rtol=1e-4)


def test_cells_that_were_not_read_stay_unknown_and_count_as_open(conductance):
    conductance[4, 1] = 0.0
    apparent = apparent_map(conductance, **WIRES)
    apparent[4, 1] = np.nan
    found = network(conductance.shape).corrected(apparent)
    assert np.isnan(found[4, 1])
    found[4, 1] = 0.0
    np.testing.assert_allclose(found, conductance, rtol=1e-4)


def test_negative_reads_of_open_cells_pass_through():
    correction = CellCorrection(leak=1e-9, share=0.9, resistance=100.0)
    assert -2e-9 < correction.conductance(-0.5e-9) < 0.0


def test_a_read_beyond_the_network_is_a_short_not_a_negative_cell():
    correction = CellCorrection(leak=0.0, share=1.0, resistance=1e3)
    assert correction.conductance(2e-3) == 1.0
