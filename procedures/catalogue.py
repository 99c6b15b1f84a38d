"""The procedures by name: ours, and those of installed packages (entry-point group `labctl.procedures`)."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from importlib.metadata import entry_points

from labctl.core.errors import PlanError
from procedures.cells_form import CellsForm
from procedures.cells_program import CellsProgram
from procedures.cells_pulse import CellsPulse
from procedures.cells_read import CellsRead
from procedures.contact_check import ContactCheck
from procedures.crossbar_program import CrossbarProgram
from procedures.crossbar_read import CrossbarRead
from procedures.forming import Forming
from procedures.neuron_transfer import NeuronTransfer
from procedures.program_verify import ProgramVerify
from procedures.stage_settle import StageSettle
from procedures.switching_loop import SwitchingLoop

GROUP = "labctl.procedures"
"""Entry-point group: name of the procedure = its class."""

_OURS: Mapping[str, type] = {
    "cells_form": CellsForm,
    "cells_program": CellsProgram,
    "cells_pulse": CellsPulse,
    "cells_read": CellsRead,
    "contact_check": ContactCheck,
    "crossbar_program": CrossbarProgram,
    "crossbar_read": CrossbarRead,
    "forming": Forming,
    "neuron_transfer": NeuronTransfer,
    "program_verify": ProgramVerify,
    "stage_settle": StageSettle,
    "switching_loop": SwitchingLoop,
}
"""Those whose parameters can be typed. FeatureMap and NeuronCalibrate take arrays: `labctl featuremap` runs them."""


@cache
def procedures() -> Mapping[str, type]:
    """Every procedure by its name, sorted.

    Raises PlanError when an installed package offers what is no procedure, or a name that is taken.
    """
    found = dict(_OURS)
    for entry in entry_points(group=GROUP):
        name = _plain(entry.name)
        offered = entry.load()
        where = entry.dist.name if entry.dist else entry.value
        if not (isinstance(offered, type) and is_dataclass(offered) and hasattr(offered, "run")):
            raise PlanError(
                f"The package {where} offers '{entry.name}' as a procedure, but {entry.value} is not "
                "a dataclass with a run(bench)."
            )
        if name in found:
            raise PlanError(f"The package {where} offers a procedure '{name}', which exists already.")
        found[name] = offered
    return dict(sorted(found.items()))


def find(name: str, among: Mapping[str, type] | None = None) -> type:
    """The procedure of this name (`program_verify`, `program-verify`), of ours or `among` others.

    Raises PlanError naming those that exist.
    """
    known = procedures() if among is None else among
    if _plain(name) not in known:
        raise PlanError(f"There is no procedure '{name}'; there are: {', '.join(known)}.")
    return known[_plain(name)]


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()
