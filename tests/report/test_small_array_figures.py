"""The figures of an array of one cell: one line on each axis, and that is line 0."""

from matplotlib.figure import Figure

from labctl.report.array_figures import _lines


def test_the_axes_of_one_cell_count_lines_and_no_parts_of_lines():
    axes = Figure().subplots()
    axes.imshow([[1.0]])
    _lines(axes, "one cell")
    for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
        assert [tick for tick in axis.get_majorticklocs() if low <= tick <= high] == [0.0]
