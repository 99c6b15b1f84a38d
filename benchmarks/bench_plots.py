"""Frames per second of a growing curve: ours beside plain pyqtgraph and PyMeasure's way of refreshing, in one run.

`python -m benchmarks.bench_plots`
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pyqtgraph as pg
from qtpy.QtWidgets import QApplication, QWidget

from benchmarks.timing import shortest, table
from labctl.core.rows import Picture
from labctl.gui.plots.columns import ColumnsView
from labctl.gui.plots.iv import IvView
from labctl.gui.plots.view import PlotView
from labctl.gui.run_data import GrowingTable
from labctl.gui.theme import Choice, Theme
from labctl.record.outcome import Outcome

SIZES = (10_000, 100_000, 1_000_000)
WIDE, HIGH = 1000, 600
ADDED = 100
"""Rows that are new in each frame."""
CYCLE = 1000
"""Rows of one loop of an I-V curve."""


class GrowingRun:
    """A live run in memory, with rows of voltage and current."""

    folder = Path("2026-01-01T00-00-00_benchmark_0000")
    outcome: Outcome | None = None

    def __init__(self, rows: int) -> None:
        self.head: dict[str, Any] = {"simulated": True}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, Picture] = {}
        self.rows = GrowingTable({"voltage": "V", "current": "A"})
        self.tables = {"Sweep": self.rows}
        self._random = np.random.default_rng(1)
        self.add(rows)

    def add(self, rows: int) -> None:
        """Measure on: loops of a cell that conducts better and better."""
        place = np.arange(len(self.rows), len(self.rows) + rows)
        voltage = np.sin(2 * np.pi * place / CYCLE)
        current = voltage * 1e-5 * (1 + place / 1e6) + 1e-6 * self._random.normal(size=rows)
        self.rows.extend({"voltage": voltage, "current": current})


Frame = Callable[[], object]


def main() -> None:
    """Print the table."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme = Theme(application, Choice.LIGHT)
    ways: list[tuple[str, Callable[[int, Theme], Iterator[Frame]]]] = [
        ("labctl, current against row", ours_against_row),
        ("labctl, I-V loops", ours_in_loops),
        ("labctl, I-V loops, zoomed in", ours_zoomed),
        ("pyqtgraph, current against row", plain_against_row),
        ("pyqtgraph, the same, peak down-sampling", thinned_against_row),
        ("pyqtgraph, I-V loops, peak down-sampling", thinned_in_loops),
        ("PyMeasure ResultsCurve, every refresh", pymeasure_curve),
    ]
    rows = []
    for name, way in ways:
        if way is pymeasure_curve and importlib.util.find_spec("pymeasure") is None:
            continue
        rows.append((name, *(f"{_frames_per_second(way(size, theme)):.3g}" for size in SIZES)))
    note = (
        f"a frame: {ADDED} new rows, redraw, picture of {WIDE} x {HIGH} pixels (offscreen); loops of {CYCLE} rows; "
        "PyMeasure reads its CSV on in each refresh"
    )
    table(
        "Frames per second by points on the screen", ("what", *(f"{size:.0e}" for size in SIZES)), rows, note
    )


def _frames_per_second(way: Iterator[Frame]) -> float:
    for frame in way:
        return 1.0 / shortest(frame)
    raise AssertionError("a way gives one frame to be timed")


def _ours(view: PlotView, size: int, fit: Callable[[PlotView], None]) -> Iterator[Frame]:
    run = GrowingRun(size)
    _shown(view)
    view.show_runs(run, ())
    view.redraw()
    fit(view)

    def frame() -> None:
        run.add(ADDED)
        view.redraw()
        view.canvas.grab()

    yield frame
    view.close()


def ours_against_row(size: int, theme: Theme) -> Iterator[Frame]:
    """The view for any columns."""
    yield from _ours(ColumnsView(theme), size, PlotView.fit)


def ours_in_loops(size: int, theme: Theme) -> Iterator[Frame]:
    """The I-V view, everything visible."""
    yield from _ours(IvView(theme), size, PlotView.fit)


def ours_zoomed(size: int, theme: Theme) -> Iterator[Frame]:
    """The I-V view, a corner of the loops."""

    def zoom(view: PlotView) -> None:
        view.charts[0].plot.setRange(xRange=(0.4, 0.6), yRange=(2e-6, 6e-6))

    yield from _ours(IvView(theme), size, zoom)


def _plain(size: int, *, thinned: bool, loops: bool) -> Iterator[Frame]:
    run, plot = GrowingRun(size), pg.PlotWidget()
    _shown(plot)
    curve = plot.plot(pen=pg.mkPen("b", width=1))
    if thinned:
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)

    def frame() -> None:
        run.add(ADDED)
        columns = run.rows.columns
        curve.setData(columns["voltage"] if loops else np.arange(len(run.rows)), columns["current"])
        plot.grab()

    yield frame
    plot.close()


def plain_against_row(size: int, theme: Theme) -> Iterator[Frame]:
    """As pyqtgraph comes."""
    yield from _plain(size, thinned=False, loops=False)


def thinned_against_row(size: int, theme: Theme) -> Iterator[Frame]:
    """With pyqtgraph's own down-sampling, which counts on x that ascends."""
    yield from _plain(size, thinned=True, loops=False)


def thinned_in_loops(size: int, theme: Theme) -> Iterator[Frame]:
    """The same where x runs back and forth."""
    yield from _plain(size, thinned=True, loops=True)


def pymeasure_curve(size: int, theme: Theme) -> Iterator[Frame]:
    """What ManagedWindow's timer does: `ResultsCurve.update_data`, which concatenates what is new to its data frame."""
    from pymeasure.display.curves import ResultsCurve
    from pymeasure.experiment import Procedure, Results

    class Sweep(Procedure):  # type: ignore[misc]  # PyMeasure ships no types
        DATA_COLUMNS = ["voltage", "current"]  # noqa: RUF012 - as PyMeasure wants it

    run = GrowingRun(size)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "results.csv"
        results = Results(Sweep(), str(path))
        _append(path, run, 0)
        plot = pg.PlotWidget()
        _shown(plot)
        curve = ResultsCurve(results, x="voltage", y="current", pen=pg.mkPen("b", width=1))
        plot.addItem(curve)

        def frame() -> None:
            before = len(run.rows)
            run.add(ADDED)
            _append(path, run, before)
            curve.update_data()
            plot.grab()

        yield frame
        plot.close()


def _append(path: Path, run: GrowingRun, start: int) -> None:
    columns = run.rows.columns
    with path.open("a", encoding="utf-8") as file:
        for voltage, current in zip(
            columns["voltage"][start:].tolist(), columns["current"][start:].tolist(), strict=True
        ):
            file.write(f"{voltage!r},{current!r}\n")


def _shown(widget: QWidget) -> None:
    widget.resize(WIDE, HIGH)
    widget.show()
    QApplication.processEvents()


if __name__ == "__main__":
    main()
