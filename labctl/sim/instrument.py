"""What the VISA library needs of a virtual instrument: bytes in, bytes out, status, clear."""

from typing import Protocol


class VirtualInstrument(Protocol):
    """One instrument at one address. It never blocks: long work goes on in slices, whenever it is polled."""

    def receive(self, data: bytes, end: bool) -> None:
        """Take bytes from the controller; `end` marks the last byte of a message (EOI)."""
        ...

    def proceed(self) -> bool:
        """Let unfinished work go on for one slice, and the clock with it; True while some is left."""
        ...

    def catch_up(self) -> bool:
        """As `proceed`, but only as far as the bench's clock has come: other instruments are being talked to."""
        ...

    def transmit(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the output queue, and whether they end a message; (b"", False) when it is empty."""
        ...

    def status_byte(self) -> int:
        """The status byte as a serial poll sees it."""
        ...

    def clear(self) -> None:
        """Device clear: end whatever runs, empty input and output queues."""
        ...

    def trigger(self) -> None:
        """Group execute trigger (*TRG)."""
        ...
