"""The report of feature maps says what the record says: parts of a run, neurons, maps, time."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from labctl.core.errors import RecordError
from labctl.record.reading import read_run
from labctl.report.array import array_results
from labctl.report.html import write_overview, write_report
from labctl.report.maps import maps_result, write_maps_file
from labctl.report.neurons import calibrations, curves
from labctl.report.sections import NeuronSection, results, sections
from labctl.report.stages import patches, stages
from tests.report.computing import FILTERS, SECONDS, TRIMS, exact_maps, record_computing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("computing")
    record_computing(folder)
    return folder


def test_a_correction_of_some_cells_belongs_to_the_programming_before_it(folder: Path) -> None:
    first, second = array_results(read_run(folder))
    assert int(first.wanted.sum()) == 12
    assert int(second.wanted.sum()) == 6
    np.testing.assert_allclose(first.target[:5], 1e-5)
    np.testing.assert_allclose(first.conductance[5], 5e-5)
    np.testing.assert_allclose(second.conductance[:5, 0], 2e-5)
    assert np.isnan(second.target[:, 1]).all()
    np.testing.assert_allclose(first.pulses[5], 4.0)
    assert first.tolerance == pytest.approx(0.1)
    assert [len(story.conductance) for story in first.stories] == [3, 3, 3]


def test_neurons_are_those_of_the_record(folder: Path) -> None:
    run = read_run(folder)
    first, second = curves(run)
    assert first.up.shape == (2, 2)
    assert first.down.tolist() == [[1e-4, 1e-6]]
    assert first.threshold == 1.9e-4
    assert np.isnan(second.threshold)
    found = calibrations(run)
    assert [each.neurons for each in found] == [(0, 1), (0, 1), (0,), (0,)]
    assert found[0].trims.tolist() == list(TRIMS)
    np.testing.assert_allclose(found[0].errors, [[0.1, 1.1], [0.2, 1.2]])
    assert found[1].trims.tolist() == [TRIMS[-1]]
    assert found[1].error.tolist() == [0.2, 1.2]
    assert results(run).groups == [FILTERS[:2], FILTERS[2:]]


def test_a_filter_is_told_its_best_trim_and_what_the_common_one_leaves(folder: Path) -> None:
    run = read_run(folder)
    (neurons,) = (part for part in sections(run, results(run)) if isinstance(part, NeuronSection))
    told = [(each.filter, each.neuron, each.trim, each.error, each.common) for each in neurons.calibrated]
    assert told == [(4, 0, 0.1, 0.1, 0.2), (7, 1, 0.1, 1.1, 1.2), (9, 0, 0.1, 0.1, 0.2)]


def test_maps_and_their_agreement_are_those_of_the_record(folder: Path) -> None:
    run = read_run(folder)
    found = maps_result(run)
    assert found is not None
    assert found.names == ("cat", "dog")
    assert found.filters == FILTERS
    np.testing.assert_allclose(found.l2[0], [0.14, 0.17, 0.19])
    np.testing.assert_allclose(found.l2[1], [0.24, np.nan, 0.29])
    assert found.empty == [("dog", 7)]
    np.testing.assert_allclose(found.gain[0], 2.0, rtol=0.06)
    assert found.gain[1, 1] == 0.0


def test_the_maps_file_holds_the_maps(folder: Path) -> None:
    with np.load(write_maps_file(read_run(folder))) as stored:
        assert set(stored.files) == {"measured", "software", "software_quantised", "images", "filters"}
        for name, wanted in zip(("measured", "software", "software_quantised"), exact_maps(), strict=True):
            np.testing.assert_array_equal(stored[name], wanted)
        assert stored["filters"].tolist() == list(FILTERS)
        assert stored["images"].tolist() == ["cat", "dog"]


def test_a_stopped_run_gives_the_maps_that_it_has(tmp_path: Path) -> None:
    record_computing(tmp_path, outcome="stopped", groups=1)
    with np.load(write_maps_file(read_run(tmp_path))) as stored:
        np.testing.assert_array_equal(stored["measured"], exact_maps()[0][:, :2])
        assert stored["filters"].tolist() == [4, 7]


@pytest.mark.parametrize(("outcome", "groups"), [("failed", 2), ("aborted", 2), ("stopped", 0)])
def test_a_run_without_whole_maps_gives_no_file(tmp_path: Path, outcome: str, groups: int) -> None:
    record_computing(tmp_path, outcome=outcome, groups=groups)
    with pytest.raises(RecordError, match="did not finish|ended before"):
        write_maps_file(read_run(tmp_path))
    assert not (tmp_path / "feature_maps.npz").exists()


def test_every_second_on_the_bench_belongs_to_a_stage(folder: Path) -> None:
    run = read_run(folder)
    found = stages(run)
    assert [stage.name.split(",")[0] for stage in found] == [
        "programming", "settling the stage", "transfer curves", "calibrating the neurons", "programming",
        "calibrating the neurons", "patches of the images",
    ] * 2  # fmt: skip
    assert found[0].bench_seconds == pytest.approx(12 * SECONDS["cell"])
    assert found[1].bench_seconds == pytest.approx(SECONDS["stage"])
    assert found[6].bench_seconds == pytest.approx(30 * SECONDS["patch"])
    assert sum(stage.bench_seconds for stage in found) == pytest.approx(run.end["bench_seconds"])
    assert patches(run) == (60, pytest.approx(SECONDS["patch"]))


def test_a_run_that_was_killed_has_a_report_of_what_it_got_to(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "journal.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_text("".join(lines[:-1]))
    path, facts = write_report(tmp_path)
    assert "without an end" in path.read_text(encoding="utf-8")
    assert "feature maps" in [fact.name for fact in facts]


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    write_maps_file(read_run(folder))
    path, _ = write_report(folder)
    return re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words",
    [
        "Feature maps", "Filters 4, 7: target and programmed map", "Filter 9: target", "<h2>Neurons</h2>",
        "<td>190.0</td>", "no threshold below the highest current", "strong>0.190</strong>", "dog, filter 7.",
        "<td>all zero</td>", "settling the stage", "4321 messages on the bus", "60 patches took 250 ms",
        "feature_maps.npz", "6, 60 patches", "SIMULATED",
    ],
)  # fmt: skip
def test_the_report_tells_it(page: str, words: str, folder: Path) -> None:
    write_maps_file(read_run(folder))
    assert words in page


def test_the_figures_are_there(page: str) -> None:
    titles = re.findall(r'<img alt="([A-Z][a-z]+)', page)
    assert titles == ["The"] * 4 + ["Target", "Conductance", "Histograms", "Target", "Output", "Calibration"]


def test_a_wide_picture_is_written_or_refused(folder: Path, programmed: Path, tmp_path: Path) -> None:
    write_overview(folder, tmp_path / "wide.png")
    assert (tmp_path / "wide.png").stat().st_size > 10_000
    with pytest.raises(RecordError, match="no feature maps"):
        write_overview(programmed, tmp_path / "none.png")
    with pytest.raises(RecordError, match="cannot be written"):
        write_overview(folder, tmp_path / "absent" / "wide.png")
