"""Instruments with headers, question marks and the IEEE 488.2 status registers."""

from __future__ import annotations

from labctl.driver.door import Driver

EVENTS = {
    2: "query error: an answer was lost",
    3: "device error",
    4: "execution error: a parameter is out of range or not possible now",
    5: "command error: a message was not understood",
}
"""Bits of the standard event status register that mean something went wrong (IEEE 488.2-1992, 11.5.1)."""


class ScpiInstrument(Driver):
    """An instrument asked with `HEADER?` whose complaints are bits of the standard event status register."""

    def ask_number(self, header: str) -> float:
        """The number under a query such as `KRDG? A`."""
        return self.number(self.query(header))

    def errors(self) -> list[str]:
        """Read and so clear the standard event status register; each error bit in words."""
        register = int(self.ask_number("*ESR?"))
        return [text for bit, text in EVENTS.items() if register & 1 << bit]
