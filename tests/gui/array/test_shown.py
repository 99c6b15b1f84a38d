"""Numbers lie on a scale with round ticks, words have letters; unknown is neither."""

import numpy as np
import pytest

from labctl.core.lines import Cell, Line, LineKind
from labctl.core.rows import Verdict
from labctl.gui.array.geometry import LARGEST_RATIO, Geometry
from labctl.gui.array.shown import Scale, Shown, categories, numbers, texts
from labctl.gui.array.state import ArrayState
from procedures.cells_form import CellFormed
from procedures.crossbar_read import CorrectedCell
from tests.gui.array.stand_in import StandInRun


@pytest.fixture
def state():
    state = ArrayState(3, 2)
    run = StandInRun().add(
        CorrectedCell(word=0, bit=0, conductance=50e-6),
        CorrectedCell(word=1, bit=1, conductance=-2e-9),
        CellFormed(word=0, bit=0, verdict=Verdict.FORMED, pulses=2, conductance=50e-6),
        CellFormed(word=2, bit=1, verdict=Verdict.NOT_FORMED, pulses=9, conductance=1e-9),
    )
    state.take_run(run)
    return state


def test_numbers_are_si_and_nan_where_unknown(state):
    assert numbers(state, Shown.CONDUCTANCE)[0, 0] == 50e-6
    resistance = numbers(state, Shown.RESISTANCE)
    assert resistance[0, 0] == pytest.approx(20e3)
    assert np.isnan(resistance[1, 1]), "a read below zero is no resistance"
    assert np.isnan(numbers(state, Shown.PULSES)[0, 1])
    assert numbers(state, Shown.PULSES)[0, 0] == 0


def test_words_have_places_among_categories(state):
    places, kinds = categories(state, Shown.STATE)
    assert kinds[places[0, 0]].word == "formed"
    assert kinds[places[1, 1]].word == "not formed"
    assert kinds[places[2, 1]].word == "failed"
    assert places[0, 1] == -1
    assert len({kind.letter for kind in kinds}) == len(kinds)
    places, kinds = categories(state, Shown.VERDICT)
    assert kinds[places[2, 1]].word == "not formed at the highest voltage"
    assert places[1, 1] == -1


def test_a_verdict_of_a_package_of_somebody_else_is_another_one(state):
    state.verdict[0, 1] = "shot by a cosmic ray"
    places, kinds = categories(state, Shown.VERDICT)
    assert kinds[places[0, 1]].word == "another verdict"


def test_texts_for_files(state):
    assert texts(state, Shown.CONDUCTANCE)[0] == ["5e-05", "nan"]
    assert texts(state, Shown.STATE)[2] == ["unknown", "failed"]


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (4e-6, 210e-6, True, [5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6]),
        (1e-9, 1e-4, True, [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4]),
        (1e-12, 1e-2, True, [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2]),
        (5e-6, 6e-6, True, [5e-6, 6e-6]),
        (0.0, 10.0, False, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (2.0, 11.0, False, [2.0, 4.0, 6.0, 8.0, 10.0]),
    ],
)
def test_ticks_are_round(low, high, log, ticks):
    assert Scale(low, high, log).ticks(6) == pytest.approx(ticks)


def test_a_scale_holds_what_is_known_and_places_it():
    values = np.array([1e-6, 1e-4, np.nan, -1e-9])
    scale = Scale.of(values, log=True)
    assert (scale.low, scale.high) == (1e-6, 1e-4)
    places = scale.places(np.array([1e-6, 1e-5, 1e-4, -1e-9, np.nan]))
    assert places[:4] == pytest.approx([0.0, 0.5, 1.0, 0.0])
    assert np.isnan(places[4])
    assert Scale.of(np.array([np.nan]), log=False) is None
    single = Scale.of(np.array([3.0]), log=False)
    assert single.low < 3.0 < single.high


def test_a_tall_array_is_turned_and_every_place_is_found_again():
    tall = Geometry(56, 8, 700, 200, head=30, side=40, foot=100)
    square = Geometry(8, 8, 400, 400, head=30, side=40, foot=50)
    assert tall.turned
    assert not square.turned
    for geometry in (tall, square):
        for cell in (Cell(0, 0), Cell(3, 7), Cell(7, 1)):
            box = geometry.box(cell)
            middle = (box.x + box.width / 2, box.y + box.height / 2)
            assert geometry.cell_at(*middle) == cell
        width, height = geometry.cell
        assert 1 / LARGEST_RATIO <= width / height <= LARGEST_RATIO
        area = geometry.map
        assert geometry.cell_at(area.x - 1, area.y + 5) is None
        assert geometry.cell_at(9999, 9999, nearest=True) == Cell(geometry.words - 1, geometry.bits - 1)
        foot = geometry.neuron(5)
        assert geometry.line_at(foot.x + 2, foot.y + 2) == Line(LineKind.NEURON, 5)
    box = tall.box(Cell(9, 3))
    assert tall.line_at(box.x + 2, 5) == Line(LineKind.WORD, 9)
    assert tall.line_at(5, box.y + 2) == Line(LineKind.BIT, 3)
    box = square.box(Cell(6, 3))
    assert square.line_at(box.x + 2, 5) == Line(LineKind.BIT, 3)
    assert square.line_at(5, box.y + 2) == Line(LineKind.WORD, 6)
