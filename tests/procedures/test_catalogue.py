"""Procedures are found by name, ours and those of installed packages."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest

from labctl.core.errors import PlanError
from labctl.core.quantity import specs
from procedures import catalogue
from procedures.program_verify import ProgramVerify


@dataclass(frozen=True)
class Retention:
    """Somebody's own procedure."""

    def run(self, bench):
        """Do nothing."""
        yield from ()


@pytest.fixture
def offer(monkeypatch):
    """Let an installed package offer `value` under `name`."""

    def offering(name, value):
        entry = EntryPoint(name, f"{__name__}:{value}", catalogue.GROUP)
        monkeypatch.setattr(catalogue, "entry_points", lambda group: (entry,))
        catalogue.procedures.cache_clear()

    yield offering
    monkeypatch.undo()
    catalogue.procedures.cache_clear()


@pytest.mark.parametrize("name", ["program_verify", "program-verify", "Program_Verify"])
def test_a_procedure_is_found_by_its_name(name):
    assert catalogue.find(name) is ProgramVerify


def test_an_unknown_name_is_answered_with_those_that_exist():
    with pytest.raises(PlanError, match=r"no procedure 'endurance'.*crossbar_program.*forming"):
        catalogue.find("endurance")


def test_every_procedure_has_a_title_and_fields_with_help():
    for name, procedure in catalogue.procedures().items():
        assert procedure.title, name
        assert all(spec.kind is not None for spec in specs(procedure))


def test_an_installed_package_can_add_a_procedure(offer):
    offer("retention", "Retention")
    assert catalogue.find("retention") is Retention


def test_an_installed_package_cannot_replace_ours_nor_offer_what_is_none(offer):
    offer("forming", "Retention")
    with pytest.raises(PlanError, match="'forming', which exists already"):
        catalogue.procedures()
    offer("nothing", "pytest")
    with pytest.raises(PlanError, match=r"is not a dataclass with a run\(bench\)"):
        catalogue.procedures()
