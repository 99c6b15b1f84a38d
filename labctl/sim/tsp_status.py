"""The status registers of a TSP instrument, from single bits up to the status byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labctl.sim.tsp_tree import Branch, whole

MSB, EAV, MAV, ESB, MSS, OSB = 1, 4, 16, 32, 64, 128
"""Status byte: measurement summary, error available, message available, event summary, master summary, operation."""


class RegisterSet:
    """Condition, transition filters, event latch and enable mask; its summary is a bit of the parent's condition."""

    def __init__(self, parent: RegisterSet | None = None, bit: int = 0) -> None:
        self.condition, self.event, self.enable, self.ptr, self.ntr = 0, 0, 0, 32767, 0
        self._parent, self._bit = parent, bit

    @property
    def summary(self) -> bool:
        """Whether an enabled event stands."""
        return bool(self.event & self.enable)

    def set(self, bits: int, on: bool) -> None:
        """Switch condition bits on or off."""
        self.assign(bits, bits if on else 0)

    def assign(self, mask: int, bits: int) -> None:
        """Set the condition bits of `mask` to `bits`; rising and falling edges latch events through the filters."""
        new = self.condition & ~mask | bits
        if new == self.condition:
            return
        rising, falling = new & ~self.condition, self.condition & ~new
        self.condition = new
        self.latch((rising & self.ptr) | (falling & self.ntr))

    def latch(self, bits: int) -> None:
        """Record events."""
        self.event |= bits
        self._report()

    def take_event(self) -> int:
        """Read the event register, which clears it."""
        event, self.event = self.event, 0
        self._report()
        return event

    def _report(self) -> None:
        if self._parent is not None:
            self._parent.set(self._bit, self.summary)

    def take_condition(self) -> int:
        """Read the condition register."""
        return self.condition

    def write_enable(self, mask: object) -> None:
        """Set the enable mask."""
        self.enable = whole(mask, 0, 32767)
        self._report()

    def _write_ptr(self, mask: object) -> None:
        self.ptr = whole(mask, 0, 32767)

    def _write_ntr(self, mask: object) -> None:
        self.ntr = whole(mask, 0, 32767)

    def hang(self, branch: Branch, bits: Mapping[str, int]) -> Branch:
        """Offer the register set to scripts, with its bits as constants."""
        branch.attribute("condition", self.take_condition)
        branch.attribute("event", self.take_event)
        branch.attribute("enable", lambda: self.enable, self.write_enable)
        branch.attribute("ptr", lambda: self.ptr, self._write_ptr)
        branch.attribute("ntr", lambda: self.ntr, self._write_ntr)
        for name, value in bits.items():
            branch.constant(name, value)
        return branch


class ActivityRegister(RegisterSet):
    """Bits of work under way: each stays set until it was read once, however soon the work is done.

    Bench time leaps where a program polls; without this a program that waits for the beginning of a short sweep
    would miss it, and wait for ever.
    """

    def __init__(self, parent: RegisterSet | None = None, bit: int = 0) -> None:
        super().__init__(parent, bit)
        self._unseen, self._done = 0, 0

    def set(self, bits: int, on: bool) -> None:
        """Work begins, or ends: bits that nobody saw yet stay until they are read."""
        if on:
            self._unseen |= bits
            self._done &= ~bits
            super().set(bits, True)
        else:
            self._done |= bits & self._unseen
            super().set(bits & ~self._unseen, False)

    def take_condition(self) -> int:
        """Read the condition register; what is done shows for the last time."""
        condition = self.condition
        self._unseen = 0
        self.settle()
        return condition

    def settle(self) -> None:
        """Somebody waited for the end: nothing is left to show."""
        done, self._done = self._done, 0
        self._unseen &= ~done
        super().set(done, False)


STANDARD_BITS = {"OPC": 1, "QYE": 4, "DDE": 8, "EXE": 16, "CME": 32, "URQ": 64, "PON": 128}


def standard_bit(code: int) -> int:
    """The standard event bit that an error sets (IEEE 488.2 classes; instrument errors are device dependent)."""
    if -199 <= code <= -100 or code == -285:
        return STANDARD_BITS["CME"]
    if -299 <= code <= -200:
        return STANDARD_BITS["EXE"]
    return STANDARD_BITS["QYE"] if -499 <= code <= -400 else STANDARD_BITS["DDE"]


class Status:
    """The whole model of one node; `error_available` and `message_available` are asked when the byte is read."""

    def __init__(self, error_available: Callable[[], bool], message_available: Callable[[], bool]) -> None:
        self._error_available, self._message_available = error_available, message_available
        self.request_enable = 0
        self.standard = RegisterSet()
        self.measurement = RegisterSet()
        self.operation = RegisterSet()
        self.questionable = RegisterSet()
        self._all: list[RegisterSet] = [self.standard, self.measurement, self.operation, self.questionable]

    def byte(self) -> int:
        """The status byte; bit 6 is the master summary against `request_enable`."""
        byte = (
            MSB * self.measurement.summary
            | EAV * self._error_available()
            | 8 * self.questionable.summary
            | MAV * self._message_available()
            | ESB * self.standard.summary
            | OSB * self.operation.summary
        )
        return byte | MSS if byte & self.request_enable & ~MSS else byte

    def child(self, parent: RegisterSet, bit: int) -> RegisterSet:
        """A register set that reports to `bit` of `parent`."""
        made = RegisterSet(parent, bit)
        self._all.append(made)
        return made

    def activity(self, parent: RegisterSet, bit: int) -> ActivityRegister:
        """A register set of work under way that reports to `bit` of `parent`."""
        made = ActivityRegister(parent, bit)
        self._all.append(made)
        return made

    def clear(self) -> None:
        """Forget every event (*CLS)."""
        for register in self._all:
            register.take_event()

    def reset(self) -> tuple[()]:
        """Back to the state at power on: masks closed, events forgotten."""
        for register in self._all:
            register.enable, register.ptr, register.ntr = 0, 32767, 0
        self.clear()
        self.request_enable = 0
        return ()

    def _write_request_enable(self, mask: object) -> None:
        self.request_enable = whole(mask, 0, 255)

    def hang(self, branch: Branch, new: Callable[[], Branch]) -> dict[str, Branch]:
        """Offer the model to scripts as `status`; returns the branches of the four top register sets by name."""
        branch.attribute("condition", self.byte)
        branch.attribute("request_enable", lambda: self.request_enable, self._write_request_enable)
        branch.function("reset", self.reset)
        for name, value in {"MSB": MSB, "EAV": EAV, "MAV": MAV, "ESB": ESB, "MSS": MSS, "OSB": OSB}.items():
            branch.constant(name, value)
        standard = STANDARD_BITS | {"OPERATION_COMPLETE": 1, "QUERY_ERROR": 4, "COMMAND_ERROR": 32}
        measurement = {"VLMT": 1, "ILMT": 2, "ROF": 128, "BAV": 256, "INST": 8192}
        operation = {"SWE": 8, "MEAS": 16, "REM": 2048, "USER": 4096, "INST": 8192}
        return {
            "standard": self.standard.hang(branch.branch("standard", new()), standard),
            "measurement": self.measurement.hang(branch.branch("measurement", new()), measurement),
            "operation": self.operation.hang(branch.branch("operation", new()), operation),
            "questionable": self.questionable.hang(branch.branch("questionable", new()), {"INST": 8192}),
        }
