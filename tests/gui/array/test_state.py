"""What is known of the cells follows from the books and from the rows of runs, taken bit by bit."""

import numpy as np
import pytest

from labctl.core.lines import Cell
from labctl.core.moments import instant
from labctl.core.rows import Picture, Verdict
from labctl.gui.array import history
from labctl.gui.array.facts import Kind
from labctl.gui.array.neurons import NeuronState
from labctl.gui.array.state import ArrayState, CellState
from procedures.cells_form import CellFormed
from procedures.cells_program import CellProgrammed
from procedures.cells_pulse import CellPulsed
from procedures.crossbar_program import CellSummary
from procedures.crossbar_read import CellRead, CorrectedCell
from procedures.forming import FormingRead
from procedures.neuron_transfer import Branch, TransferFit, TransferPoint
from procedures.patches import OutputReading
from procedures.program_verify import VerifyRead
from procedures.switching_loop import LoopPoint
from tests.gui.array.stand_in import StandInRun, books

CELL = Cell(1, 2)
AT = {"word": 1, "bit": 2}


@pytest.fixture
def state():
    return ArrayState(4, 3)


def forming(pulses, conductance, amplitude=1.1, **at):
    return FormingRead(**AT | at, pulses=pulses, amplitude=amplitude, conductance=conductance)


def verify(pulses, conductance, amplitude=0.6, apparent=None, limited=False, **at):
    return VerifyRead(
        **AT | at,
        pulses=pulses,
        amplitude=amplitude,
        apparent=conductance if apparent is None else apparent,
        conductance=conductance,
        target=50e-6,
        low=47.5e-6,
        high=52.5e-6,
        limited=limited,
    )


def read(conductance, limited=False):
    return CellRead(
        **AT,
        voltage=0.1,
        current=0.1 * conductance,
        source_current=0.0,
        apparent=conductance,
        limited=limited,
    )


def stands(state, cell=CELL):
    return state.states[cell]


def test_at_first_nothing_is_known(state):
    assert set(state.states.ravel()) == {CellState.UNKNOWN}
    assert np.isnan(state.conductance).all()
    assert (state.pulses == -1).all()
    assert state.history(CELL) == []


def test_books_tell_conductance_pulses_and_who_conducted(state):
    state.take_books(
        books(
            4,
            3,
            conductance={CELL: 5e-9, (0, 0): 40e-6, (3, 2): 0.3e-6},
            pulses={(0, 0): 7},
            conducted={(0, 0): True, (3, 2): True},
        )
    )
    assert state.conductance[0, 0] == 40e-6
    assert np.isnan(state.conductance[0, 1])
    assert state.pulses[0, 0] == 7
    assert state.pulses[0, 1] == 0
    assert stands(state) is CellState.NOT_FORMED
    assert stands(state, (0, 0)) is CellState.FORMED
    assert stands(state, (3, 2)) is CellState.FORMED, "a cell that was RESET has conducted"
    assert stands(state, (0, 1)) is CellState.UNKNOWN


def test_books_of_another_array_are_refused(state):
    with pytest.raises(ValueError, match=r"books are of 3 x 4 cells, the array has 4 x 3"):
        state.take_books(books(3, 4))


def test_forming_is_followed_row_by_row(state):
    run = StandInRun().add(forming(0, 5e-9, 0.0), forming(1, 6e-9))
    assert state.take_run(run)
    assert stands(state) is CellState.NOT_FORMED
    assert state.pulses[CELL] == 1
    assert not state.take_run(run), "nothing new"
    run.add(forming(2, 20e-6, 1.15), CellFormed(**AT, verdict=Verdict.FORMED, pulses=2, conductance=20e-6))
    assert state.take_run(run)
    assert stands(state) is CellState.FORMED
    assert state.verdict[CELL] == "formed"
    assert state.pulses[CELL] == 2
    assert state.conductance[CELL] == 20e-6
    assert [(each.kind, each.amplitude) for each in state.history(CELL)] == [
        (Kind.READ, 0.0),
        (Kind.FORM, 1.1),
        (Kind.FORM, 1.15),
    ]
    assert [each.time for each in state.history(CELL)] == [1.0, 2.0, 3.0]


def test_what_counts_as_formed_is_what_the_run_says(state):
    state.take_run(StandInRun(formed_above=10e-6).add(forming(1, 5e-6)))
    assert stands(state) is CellState.NOT_FORMED


def test_a_cell_that_never_formed_has_failed_until_something_else_is_seen(state):
    ended = CellFormed(**AT, verdict=Verdict.NOT_FORMED, pulses=1, conductance=5e-9)
    run = StandInRun().add(forming(1, 5e-9), ended)
    state.take_run(run)
    assert stands(state) is CellState.FAILED
    assert state.verdict[CELL] == "not formed at the highest voltage"
    run.add(forming(0, 30e-6, 0.0))
    state.take_run(run)
    assert stands(state) is CellState.FORMED


def test_programming_counts_pulses_over_visits_and_reads_that_confirm_are_reads(state):
    run = StandInRun().add(verify(0, 20e-6, 0.0), verify(1, 49e-6, 0.6), verify(1, 50e-6, 0.6))
    state.take_run(run)
    assert stands(state) is CellState.PROGRAMMED
    assert state.target[CELL] == 50e-6
    assert state.pulses[CELL] == 1
    run.add(verify(0, 56e-6, 0.0), verify(1, 54e-6, -0.5))
    state.take_run(run)
    run.add(verify(2, 51e-6, -0.55))
    state.take_run(run)
    assert state.pulses[CELL] == 3
    assert [each.kind for each in state.history(CELL)] == [
        Kind.READ,
        Kind.SET,
        Kind.READ,
        Kind.READ,
        Kind.RESET,
        Kind.RESET,
    ]


def test_many_cells_in_one_batch_are_counted_apart(state):
    rows = [verify(0, 20e-6, 0.0), verify(1, 22e-6), verify(0, 5e-6, 0.0, word=3), verify(2, 50e-6)]
    state.take_run(StandInRun().add(*rows, verify(1, 6e-6, word=3)))
    assert state.pulses[CELL] == 2
    assert state.pulses[3, 2] == 1
    assert state.conductance[CELL] == 50e-6
    assert state.conductance[3, 2] == 6e-6


def test_a_one_sided_window_is_no_target(state):
    low = VerifyRead(
        **AT, pulses=1, amplitude=-0.9, apparent=3e-6, conductance=3e-6, target=2.8e-6, low=0.0, high=4e-6
    )
    state.take_run(StandInRun().add(low))
    assert stands(state) is CellState.FORMED
    assert np.isnan(state.target[CELL])


def test_a_pulse_makes_a_programmed_cell_a_formed_one(state):
    run = StandInRun().add(verify(0, 50e-6, 0.0))
    state.take_run(run)
    run.add(CellPulsed(**AT, amplitude=-0.7, width=2e-4, before=50e-6, after=12e-6))
    state.take_run(run)
    assert stands(state) is CellState.FORMED
    assert state.conductance[CELL] == 12e-6
    assert state.pulses[CELL] == 1
    assert [(each.kind, each.conductance, each.amplitude) for each in state.history(CELL)[-2:]] == [
        (Kind.READ, 50e-6, 0.0),
        (Kind.RESET, 12e-6, -0.7),
    ]


def test_a_switching_loop_is_a_read_and_then_pulses(state):
    points = [(0.0, 50e-6), (0.7, 90e-6), (-0.8, 4e-6)]
    run = StandInRun()
    for amplitude, conductance in points:
        run.add(LoopPoint(**AT, cycle=1, amplitude=amplitude, current=0.0, conductance=conductance))
    state.take_run(run)
    assert stands(state) is CellState.FORMED
    assert (state.conductance[CELL], state.pulses[CELL]) == (4e-6, 2)
    assert [(each.kind, each.amplitude) for each in state.history(CELL)] == [
        (Kind.READ, 0.0),
        (Kind.SET, 0.7),
        (Kind.RESET, -0.8),
    ]


def test_a_cell_that_was_not_pulsed_since_it_never_formed_has_not_failed(state):
    row = CellProgrammed(**AT, verdict=Verdict.NEVER_FORMED, pulses=0, target=50e-6, conductance=5e-9)
    state.take_run(StandInRun().add(verify(0, 5e-9, 0.0)).add(row))
    assert stands(state) is CellState.NOT_FORMED


@pytest.mark.parametrize(
    ("verdict", "state_after"),
    [(Verdict.VERIFIED, CellState.PROGRAMMED), (Verdict.OUT_OF_PULSES, CellState.FAILED)],
)
@pytest.mark.parametrize("kind", [CellProgrammed, CellSummary])
def test_summaries_tell_verdict_and_target(state, kind, verdict, state_after):
    state.take_run(StandInRun().add(kind(**AT, verdict=verdict, pulses=3, target=50e-6, conductance=49e-6)))
    assert stands(state) is state_after
    assert state.verdict[CELL] == verdict.value
    assert (state.target[CELL], state.conductance[CELL]) == (50e-6, 49e-6)
    assert state.history(CELL) == [], "a summary repeats what was noted before"


def test_a_read_at_compliance_tells_no_conductance(state):
    state.take_run(StandInRun().add(read(20e-6), read(900e-6, limited=True), verify(1, 1e-3, limited=True)))
    assert state.conductance[CELL] == 20e-6
    assert state.pulses[CELL] == 1
    assert stands(state) is CellState.FORMED


def test_the_corrected_conductance_stays_when_the_books_repeat_its_read(state):
    state.take_run(StandInRun().add(read(40e-6), CorrectedCell(**AT, conductance=46e-6)))
    assert state.conductance[CELL] == 46e-6
    state.take_books(books(4, 3, conductance={CELL: 40e-6}, conducted={CELL: True}))
    assert state.conductance[CELL] == 46e-6
    state.take_books(books(4, 3, conductance={CELL: 30e-6}, conducted={CELL: True}))
    assert state.conductance[CELL] == 30e-6


def test_pictures_fill_the_map_and_rows_have_the_last_word(state):
    target, found = np.full((4, 3), np.nan), np.full((4, 3), 30e-6)
    target[CELL] = 80e-6
    run = StandInRun().add(
        Picture("target conductance", target, "S"), Picture("conductance", found, "S"), read(20e-6)
    )
    state.take_run(run)
    assert state.target[CELL] == 80e-6
    assert np.isnan(state.target[0, 0])
    assert state.conductance[0, 0] == 30e-6
    assert state.conductance[CELL] == 20e-6
    assert stands(state, (0, 0)) is CellState.FORMED
    assert not state.take_run(run)


def test_pictures_and_rows_of_another_array_are_passed_over(state):
    rows = (forming(1, 5e-9, word=9), verify(0, 20e-6, 0.0, bit=7))
    state.take_run(StandInRun().add(Picture("conductance", np.ones((2, 2)), "S"), *rows))
    assert np.isnan(state.conductance).all()


def test_pulses_of_a_run_come_on_top_of_the_books_but_not_those_of_one_that_had_ended(state):
    state.take_books(books(4, 3, pulses={CELL: 10}))
    state.take_run(StandInRun("earlier").add(verify(0, 20e-6, 0.0), verify(1, 30e-6)).end())
    assert state.pulses[CELL] == 10
    assert state.conductance[CELL] == 30e-6
    state.take_run(StandInRun("now").add(verify(0, 20e-6, 0.0), verify(2, 30e-6)))
    assert state.pulses[CELL] == 12


def test_rows_that_come_after_the_books_of_their_run_are_not_counted_again(state):
    run = StandInRun("now").add(verify(0, 20e-6, 0.0), verify(4, 30e-6))
    state.take_books(books(4, 3))
    state.take_run(run)
    assert state.pulses[CELL] == 4
    state.take_books(books(4, 3, pulses={CELL: 14}))  # the run is over, its last rows were not read yet
    run.add(verify(14, 40e-6))
    state.take_run(run)
    assert state.pulses[CELL] == 14
    assert state.conductance[CELL] == 40e-6


@pytest.mark.parametrize(
    ("began", "shown"), [("2026-11-23T12:00:00+00:00", 10), ("2026-11-23T14:00:00+01:00", 14)]
)
def test_a_run_that_is_met_under_way_is_in_the_books_and_one_that_begins_later_is_not(began, shown):
    state = ArrayState(4, 3, now=lambda: instant("2026-11-23T12:30:00+00:00"))
    state.take_books(books(4, 3, pulses={CELL: 10}))
    run = StandInRun("now").add(verify(0, 20e-6, 0.0), verify(4, 30e-6))
    run.head["started"] = began
    state.take_run(run)
    assert state.pulses[CELL] == shown


def test_a_new_run_starts_counting_afresh(state):
    state.take_run(StandInRun("first").add(verify(3, 20e-6)))
    state.take_run(StandInRun("second").add(verify(4, 20e-6)))
    assert state.pulses[CELL] == 7


def test_the_history_keeps_the_latest(state, monkeypatch):
    monkeypatch.setattr(history, "KEPT", 100)
    run = StandInRun()
    for index in range(500):
        state.take_run(run.add(read(1e-6 * (index + 1))))
    seen = state.history(CELL)
    assert 50 <= len(seen) <= 100
    assert seen[-1].conductance == pytest.approx(500e-6)
    assert [each.time for each in seen] == sorted(each.time for each in seen)


def test_neurons_tell_threshold_gain_and_latest_output():
    state = NeuronState(8)
    assert state.sentence(3) == "Neuron 3: nothing measured yet"
    run = StandInRun().add(
        TransferPoint(
            neuron=3, branch=Branch.UP, tap_voltage=0.05, heater_current=2e-4, output_current=1.5e-6
        ),
        TransferFit(
            neuron=3, threshold=193e-6, gain=0.0214, hysteresis=1e-6, dark_current=5e-8, reset_error=0.0
        ),
    )
    assert state.take_run(run)
    assert not state.take_run(run)
    assert state.sentence(3) == "Neuron 3: threshold 193 uA, gain 0.0214, output 1.5 uA"
    run.add(OutputReading(patch=0, neuron=3, current=2e-6), OutputReading(patch=1, neuron=3, current=4e-6))
    assert state.take_run(run)
    assert state.output[3] == 4e-6
    assert np.isnan(state.output[0])
