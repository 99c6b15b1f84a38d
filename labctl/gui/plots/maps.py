"""Feature maps as they fill, patch by patch, above software's maps of the same filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QGraphicsRectItem, QWidget

from labctl.gui.plots.colour_bar import WIDE, ColourBar
from labctl.gui.plots.map_pictures import Floats, Maps, fillings, label, maps_of
from labctl.gui.plots.view import PlotView, Series
from labctl.gui.plots.words import told
from labctl.gui.run_data import RunLike
from labctl.gui.theme import MAP, Colours, Theme

TITLE, HEADING = 22, 60
"""Pixels of a title above a map, of the heading of the sheet."""
FOLLOW = "latest"
HARDWARE, SOFTWARE = "hardware", "software"
COMES_LATER = "comes when these filters are through"


class _Tile:
    """One map with its title."""

    def __init__(self, grid: Any, row: int, column: int, colours: Colours) -> None:
        self.title: Any = grid.addLabel("", row, column)
        self.title.setMinimumWidth(0)
        grid.layout.setRowStretchFactor(row + 1, 10)
        self.box: Any = grid.addViewBox(row + 1, column, lockAspect=True, invertY=True, enableMenu=False)
        self.image: Any = pg.ImageItem(axisOrder="row-major")
        self.image.setColorMap(pg.colormap.get(MAP))
        self._frame: Any = QGraphicsRectItem()
        self._frame.setPen(pg.mkPen(colours.grid))
        self._frame.setBrush(pg.mkBrush(colours.button))
        self.box.addItem(self._frame, ignoreBounds=True)
        self.box.addItem(self.image)
        self.values: Floats | None = None
        self.shape: tuple[int, ...] = ()

    def show(self, values: Floats | None, shape: tuple[int, ...], low: float, high: float) -> None:
        """A map on a scale; what is NaN, or None, shows as the empty frame."""
        self.image.setVisible(values is not None)
        if values is not None:
            self.image.setImage(values, autoLevels=False)
        self.image.setLevels((low, high))
        self.values = values
        if self.shape != shape:
            self.fit(shape)

    def fit(self, shape: tuple[int, ...]) -> None:
        """Show the whole map."""
        rows, columns = shape
        self.shape = shape
        self._frame.setRect(0, 0, columns, rows)
        self.box.setRange(xRange=(0, columns), yRange=(0, rows), padding=0.02)


class FeatureMapsView(PlotView):
    """What is not measured yet is left empty."""

    title = "Feature maps"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._shown = self.chooser("image", "which image, and which filters were in the array")
        self._tiles: dict[str, list[_Tile]] = {HARDWARE: [], SOFTWARE: []}
        self._bars: dict[str, ColourBar] = {}
        self._texts: dict[str, Any] = {}
        self._maps: Maps | None = None
        self._key: tuple[object, ...] = ()
        self._grid = (0, 0)
        self.canvas.resized.connect(self._resized)

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
            self._grid, self._key = (0, 0), ()
            self.redraw()

    def _resized(self) -> None:
        if self._maps is not None and self._grid != self._best_grid(len(self._maps.names)):
            self._key = ()
            self.redraw()

    def _best_grid(self, count: int) -> tuple[int, int]:
        """How many maps, and how many beside one another."""
        return count, best_across(count, self.canvas.width() - WIDE, self.canvas.height() - HEADING)

    def fit(self) -> None:
        """Show every map as a whole."""
        for tiles in self._tiles.values():
            for tile in tiles:
                if tile.shape:
                    tile.fit(tile.shape)

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
        if self._grid == self._best_grid(count):
            return
        self._grid = self._best_grid(count)
        across = self._grid[1]
        grid = self.canvas.body
        grid.clear()
        high, colours = -(-count // across), self._theme.colours
        for block, kind in enumerate((HARDWARE, SOFTWARE)):
            top = block * (2 * high + 1)
            self._texts[kind] = grid.addLabel("", top, 0, colspan=across + 1, justify="left")
            self._tiles[kind] = [
                _Tile(grid, top + 1 + 2 * (place // across), place % across, colours)
                for place in range(count)
            ]
            self._bars[kind] = ColourBar(colours)
            grid.addItem(self._bars[kind].item, top + 1, across, 2 * high, 1)

    def _show(self, kind: str, maps: Floats | None, quantity: str, unit: str, other: Floats | None) -> None:
        """One kind of maps on one scale; `other` in the same unit shares it."""
        known = [each[np.isfinite(each)] for each in (maps, other) if each is not None and unit == "1"]
        if maps is not None and unit != "1":
            known = [maps[np.isfinite(maps)]]
        every = np.concatenate(known) if known else np.empty(0)
        low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
        high = high if high > low else low + (abs(low) or 1.0)
        shape = () if self._maps is None else self._maps.hardware.shape[1:]
        for place, tile in enumerate(self._tiles[kind]):
            tile.show(None if maps is None else maps[place], shape, low, high)
        text = f"{kind}: {quantity}" if maps is not None else f"{kind}: {COMES_LATER}"
        self._texts[kind].setText(text, color=self._theme.colours.text)
        self._bars[kind].item.setVisible(maps is not None)
        self._bars[kind].show(low, high, quantity, unit)

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


def best_across(count: int, wide: float, high: float) -> int:
    """How many of `count` square maps to set side by side, so that they are as large as two halves of a sheet allow."""

    def side(across: int) -> float:
        return min(wide / across, (high / 2 - TITLE) / -(-count // across) - TITLE)

    return max(range(1, count + 1), key=lambda across: (side(across), across))
