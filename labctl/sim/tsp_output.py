"""The output queue of a TSP instrument and the formats in which numbers enter it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Protocol

from labctl.sim.answers import Answers
from labctl.sim.tsp_tree import Branch, TspError, whole

_ASCII, _REAL32, _REAL64 = 1, 2, 3
_BIG, _LITTLE = 0, 1


class Printable(Protocol):
    """What `printbuffer` accepts: columns of readings."""

    def column(self, first: int, last: int) -> list[float]:
        """Values of the readings `first` to `last`, counted from 1."""
        ...


class Output:
    """Messages waiting to be read, each ended by LF and END; `format.*` of the node.

    set_digits, number: the runtime's number format, shared with `print`.
    """

    def __init__(self, default_digits: int) -> None:
        self._messages = Answers()
        self._default_digits = default_digits
        self._set_digits: Callable[[int], None] = lambda digits: None
        self._number: Callable[[float], str] = repr
        self._digits, self._data, self._order = default_digits, _ASCII, _LITTLE

    def connect(self, set_digits: Callable[[int], None], number: Callable[[float], str]) -> None:
        """Share the number format of the Lua runtime."""
        self._set_digits, self._number = set_digits, number
        self.reset()

    def reset(self) -> None:
        """`format.*` as at power on."""
        self._digits, self._data, self._order = self._default_digits, _ASCII, _LITTLE
        self._set_digits(self._digits)

    def __bool__(self) -> bool:
        return bool(self._messages)

    def line(self, text: str) -> None:
        """Queue one line."""
        self._messages.append(text.encode("latin-1", "replace") + b"\n")

    def take(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the oldest message, and whether they end it."""
        return self._messages.take(count)

    def clear(self) -> None:
        """Drop everything unread."""
        self._messages.clear()

    def _numbers(self, values: Iterable[float]) -> None:
        if self._data == _ASCII:
            self.line(", ".join(map(self._number, values)))
            return
        packed = tuple(values)
        kind = f"{'<' if self._order == _LITTLE else '>'}{len(packed)}{'f' if self._data == _REAL32 else 'd'}"
        self._messages.append(b"#0" + struct.pack(kind, *packed) + b"\n")

    def print_numbers(self, *values: object) -> tuple[()]:
        """`printnumber(...)`: numbers in the format of `format.data`."""
        if not all(isinstance(value, (int, float)) for value in values):
            raise TspError(-104, "Data Type")
        self._numbers(float(value) for value in values if isinstance(value, (int, float)))
        return ()

    def print_buffer(self, first: object = None, last: object = None, *buffers: Printable) -> tuple[()]:
        """`printbuffer(first, last, buffer, ...)`: readings of several buffers interleaved."""
        low, high = whole(first, 1, 10**9), whole(last, 0, 10**9)
        if not buffers:
            raise TspError(1400, "Expected at least 3 parameters")
        for place, buffer in enumerate(buffers, start=3):
            if not hasattr(buffer, "column"):
                raise TspError(1401, f"Parameter {place} is invalid")
        columns = [buffer.column(low, high) for buffer in buffers]
        self._numbers(value for row in zip(*columns, strict=True) for value in row)
        return ()

    def _write_digits(self, digits: object) -> None:
        self._digits = whole(digits, 1, 16)
        self._set_digits(self._digits)

    def _write_data(self, data: object) -> None:
        self._data = whole(data, _ASCII, _REAL64)

    def _write_order(self, order: object) -> None:
        self._order = whole(order, _BIG, _LITTLE)

    def hang(self, branch: Branch) -> None:
        """Offer `format` to scripts."""
        branch.attribute("asciiprecision", lambda: self._digits, self._write_digits)
        branch.attribute("data", lambda: self._data, self._write_data)
        branch.attribute("byteorder", lambda: self._order, self._write_order)
        names = {"ASCII": _ASCII, "SREAL": _REAL32, "REAL32": _REAL32}
        names |= {"REAL": _REAL64, "DREAL": _REAL64, "REAL64": _REAL64}
        names |= {"NORMAL": _BIG, "NETWORK": _BIG, "BIGENDIAN": _BIG}
        names |= {"SWAPPED": _LITTLE, "LITTLEENDIAN": _LITTLE}
        for name, value in names.items():
            branch.constant(name, value)
