"""All figures of a wafer's report, each drawn when the page asks for it, as a PNG in base64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import matplotlib as mpl
from matplotlib.figure import Figure

from labctl.report import array_figures
from labctl.report.array import Story
from labctl.report.drawing import STYLE, png
from labctl.report.wafer import bin_figures, box_figures, neuron_figures, value_figures
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series, named, together
from labctl.report.wafer.paper import Sheet
from labctl.report.wafer.paper_figures import paper
from labctl.report.wafer.records import stories, transfer_curves
from labctl.report.wafer.summary import bins_of

BOXED = ("forming_voltage", "programming_error", "pulses")
MOST_MAPS = 20
MOST_NEURONS = 8


@dataclass(frozen=True, eq=False)
class Pictures:
    """Figures of one campaign."""

    campaign: Campaign
    series: Sequence[Series]
    sheets: Sequence[Sheet]

    def bin_map(self) -> str:
        """The wafer by bin."""
        return self._png(bin_figures.bin_map(self.campaign))

    def pareto(self) -> str:
        """Dies per bin; empty when none was sorted."""
        counts = bins_of(self.campaign)
        return self._png(bin_figures.pareto(counts, self.campaign)) if counts else ""

    def value_maps(self) -> list[tuple[str, str]]:
        """What two maps show, and their figure, for every value up to `MOST_MAPS`."""
        mapped = self.mapped[:MOST_MAPS]
        pairs = [mapped[first : first + 2] for first in range(0, len(mapped), 2)]
        return [
            (
                "; ".join(each.title for each in pair),
                self._png(value_figures.value_maps(self.campaign, pair)),
            )
            for pair in pairs
        ]

    @property
    def maps_left_out(self) -> int:
        """Values that have no map because there are so many."""
        return max(len(self.mapped) - MOST_MAPS, 0)

    def boxes(self) -> list[tuple[str, str]]:
        """What the boxes show, and their figure."""
        return [
            (each.title, self._png(box_figures.boxes(self.campaign, each)))
            for each in named(self.series, *BOXED)
            if len(each.values)
        ]

    def paper(self, sheet: Sheet) -> str:
        """One sheet on probability paper; empty when nothing was measured."""
        return self._png(paper(sheet)) if sheet.sample.seen.size else ""

    def staircases(self) -> str:
        """Three cells on their way to the target; empty when no record tells of any."""
        told = self.stories
        return array_figures.staircases(told, self.campaign.simulated) if told else ""

    def transfer(self) -> str:
        """Transfer curves of all dies; empty when no record tells of any."""
        curves = transfer_curves(self.campaign)
        several = sorted({each.neuron for some in curves.values() for each in some})[:MOST_NEURONS]
        return self._png(neuron_figures.transfer(curves, several)) if several else ""

    def neurons_by_die(self) -> str:
        """Thresholds and gains die by die; empty when there are none."""
        several = named(self.mapped, "threshold", "gain")
        return self._png(neuron_figures.by_die(self.campaign, several)) if several else ""

    @cached_property
    def mapped(self) -> list[Series]:
        """What one number per die can be told of; neurons that have a test each are taken together."""
        return [each for each in together(self.series) if len(each.values)]

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """The cells that the staircases tell of."""
        return stories(self.campaign, self.series)

    def _png(self, figure: Figure) -> str:
        with mpl.rc_context(STYLE):
            return png(figure, self.campaign.simulated)
