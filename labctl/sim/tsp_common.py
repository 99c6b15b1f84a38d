"""The IEEE 488.2 common commands of a TSP instrument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labctl.sim.tsp_tree import TspError, whole

if TYPE_CHECKING:
    from labctl.sim.tsp_node import TspNode


class CommonCommands:
    """Commands that begin with an asterisk: any case, not part of the Lua language."""

    def __init__(self, node: TspNode) -> None:
        self._node = node
        self._queries: dict[str, Callable[[], object]] = {
            "*IDN?": self._identity,
            "*ESE?": lambda: node.status.standard.enable,
            "*ESR?": node.status.standard.take_event,
            "*OPC?": self._complete,
            "*SRE?": lambda: node.status.request_enable,
            "*STB?": node.status.byte,
            "*TST?": lambda: 0,
        }
        self._orders: dict[str, Callable[[], object]] = {
            "*CLS": self._clear_status,
            "*OPC": node.operation_complete,
            "*RST": node.reset,
            "*TRG": node.trigger,
            "*WAI": node.finish_background,
        }

    def execute(self, line: str) -> None:
        """Run one common command; errors go to the queue."""
        header, _, argument = line.partition(" ")
        header = header.upper()
        try:
            if header in self._queries:
                self._node.output.line(str(self._queries[header]()))
            elif header in self._orders:
                self._orders[header]()
            elif header == "*ESE":
                self._node.status.standard.write_enable(self._mask(argument))
            elif header == "*SRE":
                self._node.status.request_enable = self._mask(argument)
            else:
                raise TspError(-285, f"TSP Syntax error at line 1: unexpected symbol near '{line}'")
        except TspError as error:
            self._node.errors.post(error.code, error.message)

    def _identity(self) -> str:
        identity = self._node.identity
        return f"{identity.maker}, Model {identity.model}, {identity.serial}, {identity.version}"

    def _complete(self) -> int:
        self._node.finish_background()
        return 1

    def _clear_status(self) -> None:
        self._node.status.clear()
        self._node.errors.clear()

    @staticmethod
    def _mask(argument: str) -> int:
        try:
            return whole(float(argument), 0, 255)
        except ValueError:
            raise TspError(-104, "Data Type") from None
