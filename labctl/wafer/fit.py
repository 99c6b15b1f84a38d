"""Whether a plan fits a bench: lines, procedures and their settings, voltages, the stage, the prober."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from labctl.bench.limits import BenchLimits
from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError, PlanError
from labctl.core.lines import Cell, Line, LineKind, read_cells, show_indices
from labctl.core.paths import find_wafer_plan
from labctl.core.quantity import make, specs
from labctl.wafer.plan import WaferPlan, WaferPlanError, bench_named, load_plan
from labctl.wafer.planmodel import PlannedTest, Subsite, SubsiteKind
from labctl.wafer.planparts import Parts
from labctl.wafer.stress import cells_of, stresses
from procedures.crossbar_program import CrossbarProgram
from procedures.target_map import read_target

Find = Callable[[str], type]
"""The procedure of a name; PlanError naming those that exist. See `labctl.catalogue.find`."""


def load_for(
    name_or_path: str | Path, bench: str, find: Find, *, procedures_fit: bool = True
) -> tuple[WaferPlan, BenchFile]:
    """A plan and the bench it is for: `bench`, or the one that the plan names.

    procedures_fit: whether the tests' procedures must fit; else that is left to who knows which files they read.

    Raises WaferPlanError with every mistake of the plan, alone and on this bench.
    """
    files: list[BenchFile] = []

    def fitting(parts: Parts) -> Iterator[str]:
        named = bench or bench_named(parts, find_wafer_plan(name_or_path))
        if not named:
            yield "bench: the plan names none, give --bench"
            return
        try:
            files.append(load_bench(named))
        except LabError as error:
            yield f"bench: {_plain(error)}"
            return
        kelvin = None if parts.stage is None else parts.stage.temperature
        yield from _misfits(parts.subsites, kelvin, files[0], find, tests=procedures_fit)

    return load_plan(name_or_path, fitting), files[0]


def check_against(plan: WaferPlan, bench: BenchFile, find: Find) -> None:
    """Raise WaferPlanError naming everything in which `plan` and `bench` do not go together."""
    mistakes = list(_misfits(plan.subsites, plan.temperature, bench, find))
    if mistakes:
        raise WaferPlanError(str(plan.source), mistakes)


def _misfits(
    subsites: Mapping[str, Subsite],
    kelvin: float | None,
    bench: BenchFile,
    find: Find,
    *,
    tests: bool = True,
) -> Iterator[str]:
    if bench.prober is None:
        yield f"the bench {bench.name} has no prober (section [prober])"
    if kelvin is not None:
        yield from _stage_misfits("stage.temperature", kelvin, bench)
    for subsite in subsites.values():
        found = list(_line_misfits(subsite, bench))
        yield from found
        for test in subsite.tests if tests else ():
            yield from _test_misfits(subsite, test, bench, find, compare=not found)


def _line_misfits(subsite: Subsite, bench: BenchFile) -> Iterator[str]:
    for key, kind, indices in (("words", LineKind.WORD, subsite.words), ("bits", LineKind.BIT, subsite.bits)):
        count = len(bench.lines(kind))
        beyond = [index for index in indices if index >= count]
        unwired = [index for index in indices if index < count and Line(kind, index) not in bench.columns]
        place = f"subsites.{subsite.name}.{key}"
        if beyond:
            yield f"{place}: the bench {bench.name} has no {_named(kind, beyond)}, it has {kind.value} 0 to {count - 1}"
        if unwired:
            yield f"{place}: {_named(kind, unwired)} of the bench {bench.name} is wired to no matrix column"


def _test_misfits(
    subsite: Subsite, test: PlannedTest, bench: BenchFile, find: Find, *, compare: bool
) -> Iterator[str]:
    place = f"subsites.{subsite.name}.tests.{test.name}"
    try:
        kind = find(test.procedure)
    except PlanError as error:
        yield f"{place}: {_plain(error)}"
        return
    try:
        procedure: Any = make(kind, test.settings)
        cells = cells_of(procedure, subsite)
    except PlanError as error:
        yield f"{place}: {_plain(error)}"
        if compare:
            yield from (f"{place}: {each}" for each in _strangers(_cells_named(kind, test.settings), subsite))
        return
    if compare:
        yield from (f"{place}: {each}" for each in _strangers(cells, subsite))
        yield from (f"{place}: {each}" for each in _other_shape(procedure, bench))
    yield from (f"{place}: {each}" for each in _neuron_misfits(procedure, subsite, bench))
    if hasattr(procedure, "temperature"):
        yield from _stage_misfits(f"{place}.temperature", procedure.temperature, bench)
    yield from (f"{place}: {each}" for each in _refused(procedure, cells, bench))


def _strangers(cells: Sequence[Cell], subsite: Subsite) -> Iterator[str]:
    strange = [cell for cell in cells if cell.word not in subsite.words or cell.bit not in subsite.bits]
    if strange:
        yield f"cell {strange[0]} is not among the lines that subsite '{subsite.name}' is wired to"


def _cells_named(kind: type, settings: Mapping[str, str]) -> tuple[Cell, ...]:
    """The cells that settings name which make no plan as a whole."""
    found: list[Cell] = []
    for spec in specs(kind):
        if spec.name in settings and get_args(spec.kind)[:1] == (Cell,):
            with suppress(PlanError):
                found += read_cells(settings[spec.name])
    return tuple(found)


def _other_shape(procedure: Any, bench: BenchFile) -> Iterator[str]:
    if not isinstance(procedure, CrossbarProgram):
        return
    array = bench.array
    for name in filter(None, (procedure.target, procedure.known)):
        shape = read_target(name).shape
        if shape != (array.word_lines, array.bit_lines):
            yield (
                f"{name} holds {shape[0]} x {shape[1]} conductances, the array of the bench {bench.name} has "
                f"{array.word_lines} word lines x {array.bit_lines} bit lines"
            )


def _neuron_misfits(procedure: Any, subsite: Subsite, bench: BenchFile) -> Iterator[str]:
    names = {spec.name for spec in specs(procedure)}
    if not names & {"neuron", "neurons"}:
        return
    if subsite.kind is not SubsiteKind.ARRAY:
        yield f"needs neurons, a {subsite.kind.value} has none"
    elif bench.neurons is None:
        yield f"needs neurons, the bench {bench.name} has none (section [neurons])"
    else:
        wanted = (procedure.neuron,) if "neuron" in names else procedure.neurons
        strange = [neuron for neuron in wanted if neuron not in subsite.bits]
        if strange:
            yield f"neuron {strange[0]} is not at a bit line that subsite '{subsite.name}' is wired to"


def _refused(procedure: Any, cells: Sequence[Cell], bench: BenchFile) -> Iterator[str]:
    """What the bench's limits forbid of a procedure's largest voltages; all cells of an array are alike in that."""
    for stress in stresses(procedure, cells, bench):
        try:
            stress.route()
        except LabError as error:
            yield _plain(error)


def _stage_misfits(place: str, kelvin: float, bench: BenchFile) -> Iterator[str]:
    if bench.stage is None:
        yield f"{place}: the bench {bench.name} has no stage (section [stage])"
        return
    try:
        BenchLimits(bench.limits).stage(kelvin)
    except LabError as error:
        yield f"{place}: {_plain(error)}"


def _named(kind: LineKind, indices: list[int]) -> str:
    return f"{kind.value} {show_indices(indices)}"


def _plain(error: LabError) -> str:
    return str(error).rstrip(".")
