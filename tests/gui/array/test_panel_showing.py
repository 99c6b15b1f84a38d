"""The array on the screen: what is drawn, what is told of a cell."""

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor

from labctl.core.lines import Cell
from labctl.core.rows import Verdict
from labctl.gui.array.painting import category_colour, scale_colours
from labctl.gui.array.panel import NO_EARLIER
from labctl.gui.array.shown import Shown
from labctl.gui.theme import Choice
from procedures.cells_form import CellFormed
from procedures.crossbar_read import CorrectedCell
from procedures.neuron_transfer import TransferFit
from tests.gui.array.hands import LEFT, click, middle, programmed
from tests.gui.array.stand_in import StandInRun, books


def colour(panel, cell):
    """Of a cell on the screen, away from its frame and letter."""
    box = panel.map.rect_of(Cell(*cell))
    return QColor(panel.map.grab().toImage().pixel(box.left() + 2, box.bottom() - 2))


def test_the_brightest_and_the_darkest_cell_have_the_ends_of_the_scale(panel):
    low, high = scale_colours()[0], scale_colours()[-1]
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6), programmed(30, 4, 50e-6), programmed(9, 7, 200e-6)))
    for cell, wanted in (((0, 0), low), ((9, 7), high)):
        shown = colour(panel, cell)
        assert (shown.red(), shown.green(), shown.blue()) == tuple(wanted)
    assert panel.legend.sentence == "conductance: from 5 uS to 200 uS, logarithmic, hatched = unknown"


def test_a_linear_scale_moves_the_middle(qtbot, panel):
    panel.follow(StandInRun().add(programmed(0, 0, 1e-6), programmed(30, 4, 10e-6), programmed(9, 7, 100e-6)))
    by_decades = colour(panel, (30, 4))
    qtbot.mouseClick(panel.log, LEFT, pos=QPoint(8, panel.log.height() // 2))
    assert not panel.log.isChecked()
    assert colour(panel, (30, 4)) != by_decades
    assert "linear" in panel.legend.sentence


def test_unknown_cells_are_no_colour_of_the_scale(panel, theme):
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6)))
    box = panel.map.rect_of(Cell(20, 3))
    image = panel.map.grab().toImage().copy(box.adjusted(1, 1, -1, -1))
    found = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert QColor(theme.colours.base).rgb() in found
    assert len(found) > 1, "hatched"


def test_quantities_in_words_have_letters_and_a_legend(qtbot, panel, theme):
    run = StandInRun().add(
        programmed(0, 0, 50e-6),
        CellFormed(word=1, bit=1, verdict=Verdict.NOT_FORMED, pulses=9, conductance=1e-9),
    )
    panel.follow(run)
    qtbot.keyClicks(panel.quantities, "state")
    assert panel.quantity is Shown.STATE
    assert not panel.log.isEnabled()
    assert panel.legend.sentence == "state: P = programmed, X = failed, hatched = unknown"
    assert colour(panel, (0, 0)) == category_colour(theme.colours, 2)
    plain = panel.map.grab().toImage().copy(panel.map.rect_of(Cell(0, 0)))
    inks = {plain.pixel(x, y) for x in range(plain.width()) for y in range(plain.height())}
    assert len(inks) > 3, "a letter is drawn"
    panel.show_quantity(Shown.VERDICT)
    assert panel.legend.sentence == ("last verdict: N = not formed at the highest voltage, hatched = unknown")


def test_pulse_counts_come_from_the_books_and_the_run(panel):
    panel.take_books(books(56, 8, pulses={(3, 5): 7}))
    panel.follow(StandInRun().add(programmed(3, 5, 50e-6, pulses=2)))
    panel.show_quantity(Shown.PULSES)
    assert panel.legend.sentence == "pulse count: from 0 to 9, linear"


def test_hovering_tells_a_cell_a_line_and_a_neuron(qtbot, panel):
    fit = TransferFit(
        neuron=3, threshold=193e-6, gain=0.02, hysteresis=0.0, dark_current=0.0, reset_error=0.0
    )
    panel.follow(StandInRun().add(programmed(3, 5, 48.2e-6), fit))
    qtbot.mouseMove(panel.map, middle(panel, (3, 5)))
    assert panel.readout.text() == ("Cell (3, 5): 48.2 uS (20.7 kohm), programmed, 1 pulse, target 50 uS")
    qtbot.mouseMove(panel.map, middle(panel, (4, 5)))
    assert panel.readout.text() == "Cell (4, 5): unknown"
    box = panel.map.rect_of(Cell(55, 3))
    qtbot.mouseMove(panel.map, QPoint(box.right() + 20, box.center().y()))
    assert panel.readout.text() == "Neuron 3: threshold 193 uA, gain 0.02"
    qtbot.mouseMove(panel.map, QPoint(middle(panel, (9, 0)).x(), 8))
    assert panel.readout.text().startswith("Word line 9: a click selects")


def test_neurons_are_drawn_at_the_feet_of_their_bit_lines(panel):
    foot = panel.map.rect_of(Cell(55, 3)).adjusted(12, 0, 170, 0)
    before = panel.map.grab().toImage().copy(foot)
    fit = TransferFit(
        neuron=3, threshold=193e-6, gain=0.02, hysteresis=0.0, dark_current=0.0, reset_error=0.0
    )
    panel.follow(StandInRun().add(fit))
    assert panel.map.grab().toImage().copy(foot) != before


def test_the_current_cell_has_its_history_as_plot_and_list(qtbot, panel):
    run = StandInRun().add(
        programmed(3, 5, 20e-6, pulses=0, amplitude=0.0), programmed(3, 5, 40e-6), programmed(4, 5, 99e-6)
    )
    panel.follow(run)
    click(qtbot, panel, (3, 5))
    (curve,) = panel.history.plot.listDataItems()
    assert list(curve.yData) == [20e-6, 40e-6]
    assert [panel.history.list.item(0, column).text() for column in range(4)] == [
        "2 s",
        "SET",
        "600 mV",
        "40 uS",
    ]
    assert panel.history.list.rowCount() == 2
    run.add(programmed(3, 5, 50e-6, pulses=2))
    panel.refresh()
    assert list(curve.yData) == [20e-6, 40e-6, 50e-6]
    assert panel.history.title.text().startswith("Cell (3, 5): 50 uS")


def test_a_cell_without_history_says_so(qtbot, panel):
    click(qtbot, panel, (3, 5))
    assert panel.history.nothing.isVisible()
    assert not panel.history.plot.isVisible()
    assert not panel.history.list.isVisible()
    panel.follow(StandInRun().add(programmed(3, 5, 40e-6)))
    assert panel.history.plot.isVisible()
    assert not panel.history.nothing.isVisible()


def test_following_goes_on_where_it_was(panel):
    run = StandInRun().add(CorrectedCell(word=0, bit=0, conductance=10e-6))
    panel.follow(run)
    before = panel.map.grab().toImage()
    run.add(CorrectedCell(word=1, bit=0, conductance=90e-6))
    panel.refresh()
    assert panel.map.grab().toImage() != before


def test_an_earlier_run_is_shown_by_itself_and_nothing_can_be_done_to_it(qtbot, panel):
    panel.follow(StandInRun("now").add(programmed(0, 0, 50e-6)))
    panel.show_earlier(StandInRun("earlier").add(programmed(1, 1, 20e-6)).end())
    click(qtbot, panel, (0, 0))
    assert panel.history.title.text() == "Cell (0, 0): unknown"
    assert panel.note.text() == "as an earlier run saw it"
    assert panel.actions_bar.buttons["Read"].toolTip() == NO_EARLIER
    assert not panel.actions_bar.buttons["Read"].isEnabled()
    panel.show_earlier(None)
    assert panel.history.title.text().startswith("Cell (0, 0): 50 uS")
    assert panel.actions_bar.buttons["Read"].isEnabled()


def test_books_of_another_shape_bring_it(panel):
    panel.take_books(books(8, 8, conductance={(2, 2): 30e-6}, conducted={(2, 2): True}))
    panel.select((Cell(2, 2),))
    assert panel.history.title.text() == "Cell (2, 2): 30 uS (33.3 kohm), formed, 0 pulses"


def test_simulated_is_said_on_view_and_plot(panel):
    assert not panel.mark.isVisible()
    panel.set_simulated(True)
    assert panel.mark.isVisible()
    assert "SIMULATED" in panel.history.plot.getPlotItem().titleLabel.text


def test_both_themes_repaint_the_map(panel, theme):
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6)))
    panel.map.grab()
    theme.choose(Choice.DARK)
    assert panel.map.grab().toImage().pixelColor(panel.map.width() - 2, 2) != QColor("white")
    box = panel.map.rect_of(Cell(20, 3))
    image = panel.map.grab().toImage().copy(box)
    found = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert QColor(theme.colours.base).rgb() in found


def test_a_control_goes_back_from_an_earlier_run(qtbot, panel):
    panel.follow(StandInRun("now").add(programmed(0, 0, 50e-6)))
    assert panel.back.isHidden()
    at = panel.export.mapTo(panel, panel.export.rect().topLeft())
    panel.show_earlier(StandInRun("earlier").add(programmed(1, 1, 20e-6)).end())
    assert panel.back.isVisible()
    panel.layout().activate()
    assert panel.export.mapTo(panel, panel.export.rect().topLeft()) == at
    qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    assert panel.back.isHidden()
    click(qtbot, panel, (0, 0))
    assert panel.history.title.text().startswith("Cell (0, 0): 50 uS")
    assert panel.actions_bar.buttons["Read"].isEnabled()


def test_what_earlier_runs_on_this_sample_found_is_known_again(qtbot, panel):
    told = books(56, 8, conductance={(0, 0): 40e-6}, pulses={(0, 0): 9})
    first, second = StandInRun("first").add(programmed(0, 0, 50e-6)).end(), StandInRun("second").end()
    panel.follow(StandInRun("now").add(programmed(1, 1, 30e-6)))
    panel.take_books(told)
    panel.recall([first, second])
    click(qtbot, panel, (0, 0))
    title = panel.history.title.text()
    assert "programmed" in title
    assert "9 pulses" in title
    assert "target" in title
    click(qtbot, panel, (1, 1))
    assert panel.history.title.text().startswith("Cell (1, 1): 30 uS")
    assert panel.actions_bar.buttons["Read"].isEnabled()
