"""Contact is told by the heaters: a window about their nominal resistance, a share of them that must answer."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from labctl.core.errors import LimitExceeded, PlanError
from labctl.core.rows import Verdict
from procedures.contact_check import ContactCheck, ContactRead
from tests.procedures.fake_bench import complete, of_kind

OPEN, SHORT = float("inf"), 1.0


@dataclass
class Heaters:
    """A bench of heaters of these resistances (ohm); more than 500 uA is refused, as a real bench does."""

    resistances: list[float]
    heater_resistance: float = 250.0
    driven: list[tuple[int, float]] = field(default_factory=list)

    @property
    def bit_lines(self):
        return len(self.resistances)

    @contextmanager
    def connect_heater(self, neuron, voltage):
        self._neuron = neuron
        yield self

    def drive(self, voltage):
        self.driven.append((self._neuron, voltage))
        current = voltage / self.resistances[self._neuron]
        if current > 500e-6:
            raise LimitExceeded("current through heater = 10 mA, this bench permits 500 uA")
        return current


def checked(resistances, **settings):
    bench = Heaters(resistances)
    rows, verdict = complete(ContactCheck(**settings).run(bench))
    return of_kind(rows, ContactRead), verdict, bench


def test_every_heater_is_driven_once_at_the_small_voltage_and_its_resistance_told():
    rows, verdict, bench = checked([250.0, 260.0, 240.0])
    assert verdict is Verdict.DONE
    assert bench.driven == [(0, 0.01), (1, 0.01), (2, 0.01)]
    assert [row.resistance for row in rows] == pytest.approx([250.0, 260.0, 240.0])
    assert all(row.contact for row in rows)


def test_a_dead_neuron_is_no_lost_contact():
    rows, verdict, _ = checked([250.0, OPEN, 250.0, SHORT])
    assert verdict is Verdict.DONE
    assert [row.contact for row in rows] == [True, False, True, False]
    assert [row.resistance for row in rows] == [pytest.approx(250.0), None, pytest.approx(250.0), None]


@pytest.mark.parametrize("resistances", [[OPEN] * 4, [SHORT] * 4, [250.0, OPEN, OPEN, OPEN], [5e3] * 4])
def test_too_few_heaters_that_answer_are_no_contact(resistances):
    _, verdict, _ = checked(resistances)
    assert verdict is Verdict.NO_CONTACT


def test_a_share_of_nothing_still_wants_one_heater():
    assert checked([OPEN, OPEN], share=0.0)[1] is Verdict.NO_CONTACT
    assert checked([OPEN, 250.0], share=0.0)[1] is Verdict.DONE


def test_chosen_neurons_only():
    rows, _, bench = checked([250.0, OPEN, 250.0], neurons=(2, 0))
    assert [row.neuron for row in rows] == [2, 0]
    assert bench.driven == [(2, 0.01), (0, 0.01)]


def test_neurons_that_are_not_there_or_named_twice_are_refused():
    with pytest.raises(PlanError, match="no neuron 3, this bench has 0 to 2"):
        checked([250.0] * 3, neurons=(3,))
    with pytest.raises(PlanError, match="each neuron once"):
        ContactCheck(neurons=(1, 1))
    with pytest.raises(PlanError, match="voltage = 1 V"):
        ContactCheck(voltage=1.0)
