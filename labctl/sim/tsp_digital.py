"""The digital lines of a TSP instrument: `digio.*`."""

from __future__ import annotations

from labctl.sim.ports import DigitalPort
from labctl.sim.tsp_node import TspNode
from labctl.sim.tsp_tree import Setting, TspError, whole

_LINES = 14


class DigitalLines:
    """Fourteen open-collector lines, high unless driven low; read back as driven.

    writeprotect: mask of lines that writes leave alone.
    """

    def __init__(self, node: TspNode, port: DigitalPort) -> None:
        self._port = port
        self._state = 2**_LINES - 1
        self._protected = Setting(0, 0, 2**_LINES - 1, step=1)
        branch = node.root("digio")
        branch.function("writebit", self._write_bit)
        branch.function("readbit", lambda line=None: self._state >> self._line(line) - 1 & 1)
        branch.function("writeport", self._write_port)
        branch.function("readport", lambda: self._state)
        branch.setting("writeprotect", self._protected)
        self._drive(self._state, every=True)

    @staticmethod
    def _line(line: object) -> int:
        try:
            return whole(line, 1, _LINES)
        except TspError:
            raise TspError(1801, "Invalid digital I/O Line") from None

    def _write_bit(self, line: object, level: object) -> tuple[()]:
        mask = 1 << self._line(line) - 1
        self._drive(self._state | mask if whole(level, 0, 1) else self._state & ~mask)
        return ()

    def _write_port(self, levels: object) -> tuple[()]:
        self._drive(whole(levels, 0, 2**_LINES - 1))
        return ()

    def _drive(self, state: int, *, every: bool = False) -> None:
        protected = int(self._protected.value)
        state = state & ~protected | self._state & protected
        changed = 2**_LINES - 1 if every else state ^ self._state
        self._state = state
        for line in range(1, _LINES + 1):
            if changed >> line - 1 & 1:
                self._port.set_line(line, bool(state >> line - 1 & 1))

    def reset(self) -> None:
        """All lines released: high."""
        self._protected.reset()
        self._drive(2**_LINES - 1)
