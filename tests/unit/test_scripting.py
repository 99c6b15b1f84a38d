"""Scripting: a few lines measure and record; what goes wrong is raised; the pytest plugin gives each test a bench."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from labctl.core.errors import Aborted, LinkLost, PlanError, RecordError
from labctl.core.rows import Progress, Verdict
from labctl.record.outcome import Outcome
from labctl.scripting import RunFailed, at_cell
from labctl.testing import virtual_lab
from procedures.crossbar_read import CrossbarRead
from procedures.forming import Forming
from procedures.program_verify import ProgramVerify

pytest_plugins = ["pytester"]
PAGE = Path(__file__).parents[2] / "docs" / "scripting.md"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return virtual_lab(tmp_path_factory.mktemp("lab"), seed=5)


@pytest.fixture
def bench(lab):
    with lab.open_bench() as opened:
        yield opened


@dataclass(frozen=True)
class Breaks:
    """A procedure that raises."""

    error: BaseException
    after: int = 1

    def run(self, bench):
        for done in range(self.after):
            yield Progress(done, self.after)
        raise self.error


def test_the_lines_of_the_page_measure_and_give_the_record_back(bench, lab):
    bench.measure(Forming(), cell=(3, 5))
    run = bench.measure(ProgramVerify(target=100e-6), cell=(3, 5))
    assert run.end["verdict"] == "verified"
    frame = run.to_dataframe()
    assert set(frame["word"]) == {3}
    assert set(frame["bit"]) == {5}
    assert frame["conductance"].iloc[-1] == pytest.approx(100e-6, rel=0.05)
    assert run.folder.parent == lab.out
    assert run.parameters["word"]["applied"] == 3


def test_a_cell_is_the_same_as_its_lines():
    assert at_cell(ProgramVerify(target=1e-4), (3, 5)) == ProgramVerify(target=1e-4, word=3, bit=5)


def test_a_plan_without_its_cell_is_refused_before_anything_moves_and_leaves_no_folder(bench, lab, tmp_path):
    with pytest.raises(PlanError, match="No cell was chosen"):
        bench.measure(Forming(), out=tmp_path / "runs")
    assert not list(tmp_path.glob("runs/*"))


@pytest.mark.parametrize("plan", [CrossbarRead(), Forming], ids=["whole array", "not made"])
def test_a_cell_for_a_procedure_that_has_none_is_refused(bench, plan):
    with pytest.raises(PlanError, match="is no plan for one cell"):
        bench.measure(plan, cell=(0, 0))


@pytest.mark.parametrize("cell", [(-2, 0), (56, 0), (0, 8)])
def test_a_cell_that_does_not_exist_is_refused(bench, cell):
    with pytest.raises(PlanError):
        bench.measure(Forming(), cell=cell)


def test_a_failed_run_raises_with_its_folder(bench):
    with pytest.raises(RunFailed, match="smu1 has not answered") as failed:
        bench.measure(Breaks(LinkLost("smu1 has not answered")))
    assert (failed.value.folder / "run.h5").is_file()


def test_an_aborted_run_raises_so_that_the_script_does_not_go_on(bench):
    with pytest.raises(Aborted, match="Interrupted at the keyboard"):
        bench.measure(Breaks(KeyboardInterrupt()))


def test_observers_are_told(bench):
    told = []
    run = bench.measure(Counts(), observers=[told.append])
    assert run.outcome is Outcome.FINISHED
    assert [type(event).__name__ for event in told] == ["Started", "Progressed", "Ended"]


@dataclass(frozen=True)
class Counts:
    """A procedure without rows."""

    def run(self, bench):
        yield Progress(1, 1)
        return Verdict.DONE


def test_rows_of_several_kinds_want_a_name(bench):
    run = bench.measure(Counts())
    with pytest.raises(RecordError, match="rows of these kinds: none"):
        run.to_dataframe()


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    def formed(folder, seed):
        folder.mkdir()
        with virtual_lab(tmp_path / folder, seed=seed).open_bench() as bench:
            return bench.measure(Forming(word=1, bit=2)).to_dataframe()["conductance"].to_list()

    first = formed(tmp_path / "a", 7)
    assert formed(tmp_path / "b", 7) == first
    assert formed(tmp_path / "c", 8) != first


def test_the_fixture_of_the_page_works_in_somebody_elses_tests(pytester):
    (test,) = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    imports = "from procedures.forming import Forming\nfrom procedures.program_verify import ProgramVerify\n"
    pytester.makepyfile(
        imports
        + test
        + """
def test_without_a_marker_there_is_a_bench_too(labctl, tmp_path):
    assert labctl.bench_file.parent == tmp_path
    with labctl.open_bench() as bench:
        assert bench.file.virtual.seed == 0
"""
    )
    plugin = ("-p", "no:labctl", "-p", "labctl.testing")  # installed or not, once
    pytester.runpytest(*plugin, "--strict-markers").assert_outcomes(passed=2)
