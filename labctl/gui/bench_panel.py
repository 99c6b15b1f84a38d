"""The instruments of a bench: who they are, what they are there for, whether they are in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from qtpy.QtCore import QModelIndex, QObject, QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from labctl.benchfile import BenchFile
from labctl.gui.runs.buttons import allow, compact
from labctl.gui.runs.elided import ElidedLabel
from labctl.gui.runs.row_model import RowModel
from labctl.gui.runs.table import RowTable
from labctl.gui.simulated import SimulatedMark
from labctl.gui.theme import Colours, Theme

TITLES = ("Verdict", "Name", "Role", "Identity", "Address", "State")
SIZE = 16
"""Pixels of a lamp; drawn twice as fine."""


class Lamp(Enum):
    """How an instrument stands, in words; each has a symbol of its own."""

    NOT_ASKED = "not asked yet"
    ANSWERED = "has answered"
    IN_ORDER = "in order"
    TROUBLE = "trouble"

    def icon(self, colours: Colours) -> QIcon:
        """A ring, a ring with a dot, a disc with a tick, a triangle with an exclamation mark."""
        shade = {
            Lamp.NOT_ASKED: colours.muted,
            Lamp.ANSWERED: colours.accent,
            Lamp.IN_ORDER: colours.good,
            Lamp.TROUBLE: colours.bad,
        }[self]
        icon = QIcon(self._picture(shade, colours.base, is_selected=False))
        icon.addPixmap(self._picture(shade, colours.base, is_selected=True), QIcon.Mode.Selected)
        return icon

    def _picture(self, shade: str, base: str, is_selected: bool) -> QPixmap:
        """On the ground of a selected row it brings its own."""
        picture = QPixmap(2 * SIZE, 2 * SIZE)
        picture.setDevicePixelRatio(2)
        picture.fill(QColor(base) if is_selected else Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(shade), 2))
        inside = QPen(QColor(base), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        ring = QRectF(2, 2, SIZE - 4, SIZE - 4)
        if self in (Lamp.IN_ORDER, Lamp.TROUBLE):
            painter.setBrush(QColor(shade))
        if self is Lamp.TROUBLE:
            painter.drawPolygon(QPolygonF([QPointF(8, 2), QPointF(14, 13.5), QPointF(2, 13.5)]))
            painter.setPen(inside)
            painter.drawLine(QPointF(8, 6), QPointF(8, 9))
            painter.drawPoint(QPointF(8, 12))
        else:
            painter.drawEllipse(ring)
        if self is Lamp.ANSWERED:
            painter.setBrush(QColor(shade))
            painter.drawEllipse(QRectF(6.5, 6.5, 3, 3))
        if self is Lamp.IN_ORDER:
            painter.setPen(inside)
            painter.drawPolyline(QPolygonF([QPointF(5, 8.5), QPointF(7, 10.5), QPointF(11, 6)]))
        painter.end()
        return picture


@dataclass(frozen=True)
class Instrument:
    """One row."""

    name: str
    driver: str
    address: str
    role: str = ""
    identity: str = ""
    state: str = ""
    verdict: str = ""
    lamp: Lamp = Lamp.NOT_ASKED

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands in the columns."""
        identity = short_identity(self.identity) or self.driver
        return self.lamp.value, self.name, self.role, identity, self.address, self.state

    @property
    def tips(self) -> tuple[str, ...]:
        """The same in full."""
        identity = f"{self.identity}\ndriver {self.driver}".strip()
        return self.verdict or self.lamp.value, self.name, self.role, identity, self.address, self.state


def short_identity(identity: str) -> str:
    """Model and serial number out of an answer to `*IDN?`: maker, model, serial number, firmware."""
    parts = [part.strip() for part in identity.split(",")]
    if len(parts) < 3:
        return identity
    return f"{parts[1].removeprefix('Model ').removeprefix('MODEL')}, {parts[2]}"


class InstrumentModel(RowModel):
    """Instruments in the order of the bench file."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """Empty."""
        super().__init__(TITLES, lambda: self.rows, theme, parent)
        self.rows: list[Instrument] = []
        self._paint()
        theme.changed.connect(self._paint)

    def show_rows(self, rows: list[Instrument]) -> None:
        """Take these."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tool tip and lamp."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tips[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._icons[row.lamp]
        return None

    def _paint(self) -> None:
        self._icons = {lamp: lamp.icon(self._theme.colours) for lamp in Lamp}
        self._all_changed()


class InstrumentTable(QWidget):
    """Asks for a check by `check_asked`; what it shows is told by methods."""

    check_asked = Signal()

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, now: Callable[[], datetime] = datetime.now
    ) -> None:
        """No bench; `now` dates checks."""
        super().__init__(parent)
        self._now, self._blocked = now, "no bench is open"
        self.title = ElidedLabel("the bench")
        self.title.setText("No bench is open.")
        self.mark = SimulatedMark()
        self.time = QLabel()
        self.time.setAccessibleName("time of the last check")
        self.button = compact("Check")
        self.model = InstrumentModel(theme, self)
        self.table = RowTable("instruments of the bench")
        self.table.setModel(self.model)
        self.table.fit(
            {0: "__ not asked yet", 1: "matrix", 3: "2636B, 41000001", 4: "GPIB0::16::INSTR"}, (2, 5)
        )
        self.troubles, self.warnings = _sentence("what is wrong with instruments"), _sentence("warnings")
        row, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        row.addWidget(self.title, 1)
        row.addWidget(self.mark)
        row.addWidget(self.time)
        row.addWidget(self.button)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self.troubles)
        column.addWidget(self.warnings)
        self.button.clicked.connect(lambda _checked: self._ask())
        self._show([])
        self.show_warnings([])
        self._refresh()

    def show_bench(self, file: BenchFile) -> None:
        """The instruments of a bench file; nobody was asked yet."""
        about = f"{file.name}: {file.description}" if file.description else file.name
        self.title.setText(about)
        self.mark.tell(file.simulated)
        self.time.setText("not checked yet")
        self.show_warnings([])
        self._show(
            [
                Instrument(name, entry.driver, file.visa.addresses[name])
                for name, entry in file.instruments.items()
            ]
        )

    def show_identities(self, identities: Mapping[str, str]) -> None:
        """What each instrument (by its name) said it is when the bench was opened."""
        self._show([_identified(row, identities.get(row.name, "")) for row in self.model.rows])

    def show_checked(self, message: Mapping[str, Any]) -> None:
        """The engine's event `checked`: `instruments` with their verdicts, `warnings` of the bench."""
        self._show([_checked(each) for each in message["instruments"]])
        self.time.setText(f"checked at {self._now():%H:%M:%S}")
        self.show_warnings(message["warnings"])

    def show_warnings(self, warnings: list[str]) -> None:
        """Sentences below the table; none takes no room."""
        self.warnings.setText("\n".join(f"\N{WARNING SIGN} {sentence}" for sentence in warnings))
        self.warnings.setVisible(bool(warnings))

    def set_blocked(self, reason: str) -> None:
        """Why no check can be made now, without a full stop; empty when one can."""
        self._blocked = reason
        self._refresh()

    def _ask(self) -> None:
        self.time.setText("being checked...")
        self.check_asked.emit()

    def _refresh(self) -> None:
        allow(self.button, self._blocked, "Ask every instrument who it is and how it stands; nothing moves.")

    def _show(self, rows: list[Instrument]) -> None:
        at = self.table.currentIndex().row()
        is_chosen = bool(self.table.chosen)
        self.model.show_rows(rows)
        if is_chosen and at < len(rows):
            self.table.choose([at], at)
        troubles = [_trouble(row) for row in rows if row.lamp is Lamp.TROUBLE]
        self.troubles.setText("\n".join(troubles))
        self.troubles.setVisible(bool(troubles))


def _trouble(row: Instrument) -> str:
    named = row.verdict if row.verdict.startswith(row.name) else f"{row.name}: {row.verdict}"
    return f"\N{MULTIPLICATION X} {named}"


def _identified(row: Instrument, identity: str) -> Instrument:
    if not identity:
        return row
    lamp = Lamp.ANSWERED if row.lamp is Lamp.NOT_ASKED else row.lamp
    return replace(row, identity=identity, lamp=lamp)


def _checked(told: Mapping[str, Any]) -> Instrument:
    known = {name: str(told[name]) for name in ("name", "driver", "address", "role", "identity", "state")}
    lamp = Lamp.IN_ORDER if told["sound"] else Lamp.TROUBLE
    return Instrument(**known, verdict=str(told["verdict"]), lamp=lamp)


def _sentence(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
