"""Exact messages of the prober driver, those of PyMeasure's Velox; answers as in FormFactor's command list."""

import os
from contextlib import contextmanager

import pytest
from pymeasure.instruments.formfactor.velox import Velox as PyMeasureVelox
from pymeasure.test import expected_protocol

from instruments.formfactor.velox import Velox
from labctl.core.capabilities import DiePosition
from labctl.core.errors import InstrumentError, LabError, NotConfirmed

SEPARATED = ("ReadChuckStatus", "0: 15 20 0 0 T 1 S 0 0 0 1")
TOUCHING = ("ReadChuckStatus", "0: 15 20 0 0 T 1 C 0 0 0 1")
SEPARATE = (("MoveChuckSeparation 100", "0:"), SEPARATED)
HAS_MAP = ("IsAppRegistered WaferMap", "0: 1")
TO_DIE = (HAS_MAP, *SEPARATE, ("StepNextDie 3 -2", "0: 3 -2 0 1"))


@contextmanager
def prober(*exchanges):
    with expected_protocol(Velox, list(exchanges)) as driver:
        yield driver


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("MoveChuckContact 100", lambda velox: velox.chuck.move_contact()),
        ("MoveChuckSeparation 100", lambda velox: velox.chuck.move_separation()),
        ("StepNextDie 3 -2", lambda velox: velox.wafermap.step_to_die(3, -2)),
        ("StepNextDie", lambda velox: velox.wafermap.step_next_die()),
        ("StepFirstDie", lambda velox: velox.wafermap.step_first_die()),
    ],
)
def test_moves_are_worded_as_pymeasure_words_them(message, call):
    with expected_protocol(PyMeasureVelox, [(message, "0: 3 -2 0 1")]) as velox:
        call(velox)


def test_a_die_is_reached_separated_and_its_name_is_read_from_the_answer():
    with prober(*TO_DIE) as driver:
        driver.to_die(3, -2)
        assert driver.position == DiePosition(3, -2)


def test_contact_and_separation_are_confirmed():
    with prober(*TO_DIE, ("MoveChuckContact 100", "0:"), TOUCHING, *SEPARATE) as driver:
        driver.to_die(3, -2)
        driver.contact()
        assert driver.position == DiePosition(3, -2, in_contact=True)
        driver.separate()
        assert driver.position == DiePosition(3, -2)


@pytest.mark.parametrize("height", ["S", "A", "0"])
def test_a_contact_that_reads_back_otherwise_is_not_confirmed(height):
    status = ("ReadChuckStatus", f"0: 15 20 0 0 T 1 {height} 0 0 0 1")
    with prober(*TO_DIE, ("MoveChuckContact 100", "0:"), status) as driver:
        driver.to_die(3, -2)
        with pytest.raises(NotConfirmed, match=f"make contact and reports height {height}"):
            driver.contact()
        assert driver.position is None


def test_nothing_moves_sideways_when_the_chuck_does_not_separate():
    with (
        prober(HAS_MAP, ("MoveChuckSeparation 100", "0:"), TOUCHING) as driver,
        pytest.raises(NotConfirmed, match="separate and reports height C"),
    ):
        driver.to_die(3, -2)


def test_a_subsite_keeps_the_reference_point_and_is_read_back():
    there = ("ReadChuckPosition Y D", "0: 1500.000 -20.500 0.000")
    with prober(*TO_DIE, *SEPARATE, ("MoveChuckSubsite 1500 -20.5 Y 100", "0:"), there) as driver:
        driver.to_die(3, -2)
        driver.to_subsite(1.5e-3, -20.5e-6, "monitor")
        assert driver.position == DiePosition(3, -2, "monitor", False, 1.5e-3, -20.5e-6)


def test_a_subsite_elsewhere_is_not_confirmed():
    there = ("ReadChuckPosition Y D", "0: 1400.000 0.000 0.000")
    with prober(*TO_DIE, *SEPARATE, ("MoveChuckSubsite 1500 0 Y 100", "0:"), there) as driver:
        driver.to_die(3, -2)
        with pytest.raises(NotConfirmed, match="sent 1500, 0 um .* stands at 1400, 0"):
            driver.to_subsite(1.5e-3, 0.0)
        assert driver.position is None


def test_the_end_of_the_map_is_no_error():
    end = ("StepNextDie", "703: End of wafer map.")
    with prober(*SEPARATE, ("StepFirstDie", "0: -1 4 0 1"), *SEPARATE, end) as driver:
        assert driver.first_die() == DiePosition(-1, 4)
        assert driver.next_die() is None
        assert driver.position == DiePosition(-1, 4)


def test_a_die_that_the_map_lacks_is_told():
    with (
        prober(HAS_MAP, *SEPARATE, ("StepNextDie 40 0", "703: End of wafer map.")) as driver,
        pytest.raises(LabError, match=r"there is no die \(40, 0\)"),
    ):
        driver.to_die(40, 0)


def test_another_die_than_was_asked_for_is_not_confirmed():
    with (
        prober(HAS_MAP, *SEPARATE, ("StepNextDie 3 -2", "0: 3 2 0 1")) as driver,
        pytest.raises(NotConfirmed, match=r"sent to die \(3, -2\) and stands on die \(3, 2\)"),
    ):
        driver.to_die(3, -2)


def test_an_error_of_velox_is_told_in_its_words():
    with prober(*TO_DIE, ("MoveChuckContact 100", "12: Contact height is not set")) as driver:
        driver.to_die(3, -2)
        with pytest.raises(InstrumentError, match=r"Velox refuses: 12: Contact height is not set"):
            driver.contact()


def test_without_a_wafer_map_no_die_is_known():
    with prober(("IsAppRegistered WaferMap", "0: 0"), ("IsAppRegistered WaferMap", "0: 0")) as driver:
        driver.locate()
        assert driver.position is None
        with pytest.raises(LabError, match="no wafer map loaded"):
            driver.to_die(0, 0)


def test_where_the_chuck_stands_is_asked_without_a_move():
    map_position = ("ReadMapPosition2", "0: 3 -2 24000.000 -16000.000 -1 0 12 88 0 0")
    offset = ("ReadChuckPosition Y D", "0: 2000.000 0.000 300.000")
    with prober(HAS_MAP, map_position, offset, TOUCHING) as driver:
        driver.locate()
        assert driver.position == DiePosition(3, -2, None, True, 2e-3, 0.0)


def test_contact_without_a_known_place_asks_first_and_is_refused():
    with (
        prober(HAS_MAP, ("ReadMapPosition2", "7: The chuck is at its load position")) as driver,
        pytest.raises(LabError, match="not known; bring it to a die first"),
    ):
        driver.contact()


def test_it_is_known_by_the_version_that_only_velox_answers():
    word = f"labctl-{os.getpid()}"
    with prober(
        (f"EchoData {word}", f"0: {word}"),
        ("*IDN?", "FormFactor,CM300,007,1"),
        ("ReportSoftwareVersion", "0: 3.4.1"),
    ) as driver:
        assert driver.identity() == "FormFactor,CM300,007,1, Velox 3.4.1"


def test_what_a_killed_program_left_unanswered_is_let_come_in_first():
    word = f"labctl-{os.getpid()}"
    with prober(
        (f"EchoData {word}", "0:"),
        (None, f"0: {word}"),
        ("*IDN?", "FormFactor,CM300,007,1"),
        ("ReportSoftwareVersion", "0: 3.4"),
    ) as driver:
        assert driver.identity().startswith("FormFactor,CM300")
