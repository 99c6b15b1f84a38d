"""A door for PyMeasure's own drivers: they speak through one of ours, polled for answers, ended by the abort order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pymeasure.instruments.formfactor.velox import Velox
from pyvisa.resources import MessageBasedResource, TCPIPSocket

from labctl.core.errors import InstrumentError
from labctl.driver.door import Driver

if TYPE_CHECKING:  # PyMeasure ships no types

    class _Adapter: ...

else:
    from pymeasure.adapters import Adapter as _Adapter

T = TypeVar("T")

VELOX: Any = Velox
"""PyMeasure's driver of FormFactor's prober software; it has no types, whoever borrows it gives it some."""


class Lender(Driver):
    """A driver whose messages are made, and whose answers are read, by a driver of PyMeasure's."""

    patience = 0.0
    """s that any answer may take beyond the usual patience: the longest work of the instrument."""

    def __init__(self, adapter: object, **connection: Any) -> None:
        """Connect as `Driver` does; messages end as PyMeasure's drivers end them when they are not told otherwise."""
        super().__init__(adapter, **connection)
        if self._is_message_based():
            self._bus.connection.write_termination = "\r\n"

    def lend(self, borrowed: Any) -> Any:
        """An instance of PyMeasure's driver class `borrowed` that speaks through this driver."""
        return borrowed(_Lent(self))

    def obeyed(self, call: Callable[[], T]) -> T:
        """What `call` of the borrowed driver returns; InstrumentError in words for what PyMeasure raises itself."""
        try:
            return call()
        except (ConnectionError, ValueError) as error:
            raise InstrumentError(f"{self.label} refuses: {error}") from error

    def send(self, message: str) -> None:
        """See `Driver`; work that was interrupted is let finish before anything else is asked."""
        if self._answer_due:
            self.settle()
        super().send(message)

    def settle(self) -> None:
        """Wait for the answer to a question whose asker was interrupted, and drop it; LinkLost when none comes."""
        self.collect("what it was last told", self.patience)

    def _received(self) -> bytes:
        """A message that ended with END alone is whole, too: not every maker ends answers with a line feed."""
        answer = super()._received()
        return answer if answer.endswith(b"\n") or not self._is_message_based() else answer + b"\n"

    def _is_message_based(self) -> bool:
        """Whether the bus marks the end of a message, which a raw socket does not."""
        connection = self._bus.connection
        return isinstance(connection, MessageBasedResource) and not isinstance(connection, TCPIPSocket)


class _Lent(_Adapter):
    """What PyMeasure's driver takes for its adapter: no read of the bus is longer than the house allows."""

    def __init__(self, lender: Lender) -> None:
        super().__init__()
        self._lender, self._message = lender, ""

    def _write(self, command: str, **_: Any) -> None:
        self._message = command
        self._lender.put(command)

    def _read(self, **_: Any) -> str:
        return self._lender.collect(self._message, self._lender.patience)

    def close(self) -> None:
        """The connection is the lender's."""
