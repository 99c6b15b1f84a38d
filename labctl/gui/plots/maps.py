"""Feature maps as they fill, patch by patch, above software's maps of the same filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QWidget

from labctl.gui.plots.map_pictures import Floats, Maps, fillings, label, maps_of
from labctl.gui.plots.view import PlotView, Series
from labctl.gui.plots.words import told
from labctl.gui.run_data import RunLike
from labctl.gui.theme import MAP, Theme

ACROSS = 8
"""Filters beside one another."""
FOLLOW = "latest"
HARDWARE, SOFTWARE = "hardware", "software"
COMES_LATER = "comes when these filters are through"


class _Tile:
    """One map with its title."""

    def __init__(self, grid: Any, row: int, column: int) -> None:
        self.title: Any = grid.addLabel("", row, column)
        self.box: Any = grid.addViewBox(row + 1, column, lockAspect=True, invertY=True, enableMenu=False)
        self.box.setDefaultPadding(0.02)
        self.image: Any = pg.ImageItem(axisOrder="row-major")
        self.image.setColorMap(pg.colormap.get(MAP))
        self.box.addItem(self.image)
        self.values: Floats | None = None

    def show(self, values: Floats | None, low: float, high: float) -> None:
        self.image.setVisible(values is not None)
        if values is not None and values is not self.values:
            self.image.setImage(values, autoLevels=False)
        self.image.setLevels((low, high))
        self.values = values


class FeatureMapsView(PlotView):
    """What is not measured yet is left empty."""

    title = "Feature maps"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._shown = self.chooser("image", "which image, and which filters were in the array")
        self._tiles: dict[str, list[_Tile]] = {HARDWARE: [], SOFTWARE: []}
        self._bars: dict[str, Any] = {}
        self._texts: dict[str, Any] = {}
        self._maps: Maps | None = None
        self._key: tuple[object, ...] = ()

    @staticmethod
    def suits(run: RunLike) -> bool:
        """A picture that fills patch by patch, or did."""
        return bool(fillings(run.pictures))

    @property
    def log_axes(self) -> tuple[bool, bool]:
        """Pixels have no scale."""
        return False, False

    def forget(self) -> None:
        """Another run has other maps."""
        self._maps, self._key = None, ()

    def draw(self, current: RunLike) -> None:
        """The chosen group of filters; earlier runs have no place here."""
        names = fillings(current.pictures)
        if not names:
            return
        labels = {label(name): name for name in names}
        chosen = self._shown.offer([FOLLOW, *labels] if len(labels) > 1 else list(labels), FOLLOW)
        name = labels.get(chosen, names[-1])
        key = (name, *(current.pictures[each] for each in (name, "measured") if each in current.pictures))
        if key == self._key:
            return
        self._key = key
        maps = self._maps = maps_of(current, name)
        self._arrange(len(maps.names))
        self._show(HARDWARE, maps.hardware, maps.quantity, maps.unit, maps.software)
        other = maps.hardware if maps.quantity == "weighted sum" else None
        self._show(SOFTWARE, maps.software, "weighted sum", "1", other)
        measured = int(np.isfinite(maps.hardware[0]).sum())
        so_far = f"{measured} of {maps.hardware[0].size} patches measured"
        self.tell(f"{label(name)} · {so_far}", ())
        for place, text in enumerate(maps.names):
            for tiles in self._tiles.values():
                tiles[place].title.setText(text, color=self._theme.colours.text)

    def repaint_all(self) -> None:
        """Take the theme's colours: the sheet is built anew."""
        super().repaint_all()
        if self._maps is not None:
            self.canvas.body.clear()
            self._tiles = {HARDWARE: [], SOFTWARE: []}
            self._key = ()
            self.redraw()

    def fit(self) -> None:
        """Show every map as a whole."""
        for tiles in self._tiles.values():
            for tile in tiles:
                tile.box.autoRange(padding=0.02)

    def series(self) -> list[Series]:
        """A row per pixel: filter, row, column, hardware, software."""
        maps = self._maps
        if maps is None:
            return []
        filters, rows, columns = (each.ravel() for each in np.indices(maps.hardware.shape))
        names = np.array([name.removeprefix("filter ") for name in maps.names], dtype=object)
        found = [
            Series("filter", "1", names[filters]),
            Series("row", "1", rows),
            Series("column", "1", columns),
            Series(f"hardware {maps.quantity}", maps.unit, maps.hardware.ravel()),
        ]
        if maps.software is not None:
            found.append(Series("software weighted sum", "1", maps.software.ravel()))
        return found

    def _arrange(self, count: int) -> None:
        """Tiles for so many filters: per kind as many rows as are needed, a colour bar at the right."""
        if len(self._tiles[HARDWARE]) == count:
            return
        grid = self.canvas.body
        grid.clear()
        across, high = min(count, ACROSS), -(-count // ACROSS)
        for block, kind in enumerate((HARDWARE, SOFTWARE)):
            top = block * (2 * high + 1)
            self._texts[kind] = grid.addLabel("", top, 0, colspan=across + 1, justify="left")
            self._tiles[kind] = [
                _Tile(grid, top + 1 + 2 * (place // ACROSS), place % ACROSS) for place in range(count)
            ]
            bar = pg.ColorBarItem(
                values=(0.0, 1.0), colorMap=pg.colormap.get(MAP), interactive=False, width=14
            )
            bar.axis.setPen(self._theme.colours.muted)
            bar.axis.setTextPen(self._theme.colours.text)
            grid.addItem(bar, top + 1, across, 2 * high, 1)
            self._bars[kind] = bar
        for tiles in self._tiles.values():
            for tile in tiles[1:]:
                tile.box.setXLink(self._tiles[HARDWARE][0].box)
                tile.box.setYLink(self._tiles[HARDWARE][0].box)

    def _show(self, kind: str, maps: Floats | None, quantity: str, unit: str, other: Floats | None) -> None:
        """One kind of maps on one scale; `other` in the same unit shares it."""
        known = [each[np.isfinite(each)] for each in (maps, other) if each is not None and unit == "1"]
        if maps is not None and unit != "1":
            known = [maps[np.isfinite(maps)]]
        every = np.concatenate(known) if known else np.empty(0)
        low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
        high = high if high > low else low + (abs(low) or 1.0)
        for place, tile in enumerate(self._tiles[kind]):
            tile.show(None if maps is None else maps[place], low, high)
        text = f"{kind}: {quantity}" if maps is not None else f"{kind}: {COMES_LATER}"
        self._texts[kind].setText(text, color=self._theme.colours.text)
        bar = self._bars[kind]
        bar.setVisible(maps is not None)
        bar.setLevels((low, high))
        bar.axis.setLabel(quantity, units=unit if unit != "1" else None)

    def _pointed(self, place: QPointF) -> None:
        maps = self._maps
        if maps is None:
            return
        for kind, tiles in self._tiles.items():
            for name, tile in zip(maps.names, tiles, strict=True):
                if tile.values is None or not tile.box.sceneBoundingRect().contains(place):
                    continue
                at = tile.box.mapSceneToView(place)
                row, column = int(at.y()), int(at.x())
                if (
                    at.x() >= 0
                    and at.y() >= 0
                    and row < tile.values.shape[0]
                    and column < tile.values.shape[1]
                ):
                    unit = maps.unit if kind == HARDWARE else "1"
                    value = float(tile.values[row, column])
                    shown = "not measured yet" if np.isnan(value) else told(value, unit)
                    self.read_out.emit(f"{kind}, {name}, row {row}, column {column}: {shown}")
