"""What the panel costs: modules at its import, memory over many runs, work for rows that are not new."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc

import numpy as np

from tests.gui.plots.runs import StandIn, array_run, maps_run, transfer_run, verify_run

SLOW = ("scipy", "pandas", "numba", "matplotlib", "procedures")
TRACE = {"time": "s", "current": "A"}


def test_nothing_slow_is_imported_before_the_first_frame():
    code = (
        "import sys, labctl.gui.plots.panel\n"
        "from qtpy.QtWidgets import QApplication\n"
        "from labctl.gui.theme import Theme\n"
        "application = QApplication([])\n"
        "panel = labctl.gui.plots.panel.PlotsPanel(Theme(application))\n"
        "panel.show(); application.processEvents()\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def show_many(panel, times: int) -> None:
    for number in range(times):
        makes = (verify_run, transfer_run, array_run, lambda name: maps_run(2))
        panel.show_run(makes[number % 4](f"run {number}"))
        panel.overlay([verify_run(f"earlier {number}")])
    panel.overlay([])
    panel.show_run(None)
    gc.collect()


def test_memory_is_flat_over_two_hundred_runs(panel):
    show_many(panel, 20)
    objects = len(gc.get_objects())
    items = sum(len(view.canvas.scene().items()) for view in panel.views)
    show_many(panel, 200)
    assert sum(len(view.canvas.scene().items()) for view in panel.views) <= items
    assert len(gc.get_objects()) - objects < 500


def show_long(panel, times: int) -> None:
    """Runs of 0.8 MB each."""
    for number in range(times):
        run = StandIn(f"long {number}")
        run.add("Trace", TRACE, time=np.arange(50_000.0), current=np.ones(50_000))
        panel.show_run(run)
    panel.show_run(None)
    gc.collect()


def test_arrays_of_earlier_runs_are_let_go(panel):
    show_long(panel, 2)
    tracemalloc.start()
    try:
        show_long(panel, 2)
        before = tracemalloc.get_traced_memory()[0]
        show_long(panel, 20)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 400_000


def test_runs_that_are_no_longer_shown_are_let_go(panel):
    import weakref

    gone = []
    for number in range(3):
        run = verify_run(f"run {number}")
        gone.append(weakref.ref(run))
        panel.show_run(run)
        del run
    gc.collect()
    assert [reference() is None for reference in gone] == [True, True, False]


def test_a_redraw_looks_at_new_rows_only(panel):
    run = StandIn("long")
    run.add("Trace", TRACE, time=np.arange(200_000.0), current=np.ones(200_000))
    panel.show_run(run)
    thinning = panel.view.charts[0].curves[0]._thinning
    looked = []
    look_at = thinning._look_at
    thinning._look_at = lambda chunks, xs, ys: (looked.append(len(xs)), look_at(chunks, xs, ys))
    panel.refresh()
    assert looked == []
    run.add("Trace", TRACE, time=np.arange(200_000.0, 200_100.0), current=np.ones(100))
    panel.refresh()
    assert sum(looked) <= 200
