"""Message framing, header matching and status registers shared by instruments with SCPI-like commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from labctl.sim.answers import Answers

QUERY_ERROR, EXECUTION_ERROR, COMMAND_ERROR = 4, 16, 32
"""Bits of the standard event status register (IEEE 488.2)."""
_ESB, _MAV, _MSS = 32, 16, 64

Handler = Callable[[Sequence[str]], str | None]
"""Takes the arguments of one command; returns the answer of a query, None for a command."""


class CommandError(Exception):
    """A command the instrument refuses; `bit` is the standard event it sets."""

    def __init__(self, bit: int) -> None:
        super().__init__(f"standard event {bit}")
        self.bit = bit


def number(text: str, low: float, high: float) -> float:
    """An argument as a number in [low, high]; `CommandError` otherwise."""
    try:
        value = float(text)
    except ValueError:
        raise CommandError(EXECUTION_ERROR) from None
    if not low <= value <= high:
        raise CommandError(EXECUTION_ERROR)
    return value


def whole(text: str, low: int, high: int) -> int:
    """An argument as an integer in [low, high]; `CommandError` otherwise."""
    value = number(text, low, high)
    if value != int(value):
        raise CommandError(EXECUTION_ERROR)
    return int(value)


def header_pattern(header: str) -> re.Pattern[str]:
    """Matches `header`, written as in a manual (`SOURce:VOLTage?`), in short and long form and in any case.

    A leading colon is optional, also before common commands (`:*RST`).
    """
    words = []
    for word in header.removesuffix("?").split(":"):
        short = re.match(r"[^a-z]*", word)
        assert short is not None
        rest = word[short.end() :]
        words.append(re.escape(short[0]) + (f"(?:{re.escape(rest)})?" if rest else ""))
    query = r"\?" if header.endswith("?") else ""
    return re.compile(":?" + ":".join(words) + query, re.IGNORECASE)


def split_units(message: str) -> list[str]:
    """The commands of one message: separated by `;` outside quotes."""
    return [unit.strip() for unit in re.findall(r"(?:[^;\"']|\"[^\"]*\"|'[^']*')+", message) if unit.strip()]


class ScpiInstrument:
    """Base of a `VirtualInstrument` whose commands are header and arguments.

    commands: handlers by header as in the manual; terminator: what ends an answer, beside END.
    """

    def __init__(self, identity: str, *, terminator: bytes = b"\n") -> None:
        self._identity, self._terminator = identity, terminator
        self._incoming = b""
        self._answers = Answers()
        self._event, self._event_enable, self._request_enable = 0, 0, 0
        self._handlers: list[tuple[re.Pattern[str], Handler]] = []
        self._known: dict[str, Handler | None] = {}
        self._offer_common()

    def offer(self, header: str, handler: Handler) -> None:
        """Answer to `header`."""
        self._handlers.append((header_pattern(header), handler))

    # --- the wire (VirtualInstrument) -------------------------------------------------------------------

    def receive(self, data: bytes, end: bool) -> None:
        """Take bytes; a message ends with LF, CR LF or END."""
        lines = (self._incoming + data).replace(b"\r", b"").split(b"\n")
        self._incoming = b"" if end else lines.pop()
        for line in lines:
            self._execute(line.decode("latin-1"))

    def proceed(self) -> bool:
        """Nothing is left undone between messages."""
        return False

    def catch_up(self) -> bool:
        """Bring to the present whatever goes on between messages."""
        return self.proceed()

    def transmit(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the oldest answer."""
        return self._answers.take(count)

    def status_byte(self) -> int:
        """The status byte with the master summary in bit 6."""
        byte = _MAV * bool(self._answers) | _ESB * bool(self._event & self._event_enable)
        return byte | _MSS if byte & self._request_enable else byte

    def clear(self) -> None:
        """Device clear: input and output are emptied."""
        self._incoming = b""
        self._answers.clear()

    def trigger(self) -> None:
        """No action."""

    # --- commands ---------------------------------------------------------------------------------------

    def _execute(self, message: str) -> None:
        """Carry out one message; the answers of its queries go out as one line."""
        answers = []
        for unit in split_units(message):
            header, _, rest = unit.partition(" ")
            arguments = [argument.strip() for argument in rest.split(",")] if rest.strip() else []
            try:
                answer = self._handler(header)(arguments)
            except CommandError as error:
                self._event |= error.bit
            except IndexError:
                self._event |= EXECUTION_ERROR
            else:
                if answer is not None:
                    answers.append(answer)
        if answers:
            self._answers.append(";".join(answers).encode("latin-1") + self._terminator)

    def _handler(self, header: str) -> Handler:
        if header not in self._known:
            found = (handler for pattern, handler in self._handlers if pattern.fullmatch(header))
            self._known[header] = next(found, None)
        handler = self._known[header]
        if handler is None:
            raise CommandError(COMMAND_ERROR)
        return handler

    def reset(self) -> None:
        """Settings as at power on (*RST)."""

    def _offer_common(self) -> None:
        def clear_status(_: Sequence[str]) -> None:
            self._event = 0

        def take_event(_: Sequence[str]) -> str:
            event, self._event = self._event, 0
            return str(event)

        def set_event_enable(arguments: Sequence[str]) -> None:
            self._event_enable = whole(arguments[0], 0, 255)

        def set_request_enable(arguments: Sequence[str]) -> None:
            self._request_enable = whole(arguments[0], 0, 255)

        def complete(_: Sequence[str]) -> None:
            self._event |= 1

        self.offer("*IDN?", lambda _: self._identity)
        self.offer("*RST", lambda _: self.reset())
        self.offer("*CLS", clear_status)
        self.offer("*ESR?", take_event)
        self.offer("*ESE", set_event_enable)
        self.offer("*ESE?", lambda _: str(self._event_enable))
        self.offer("*SRE", set_request_enable)
        self.offer("*SRE?", lambda _: str(self._request_enable))
        self.offer("*STB?", lambda _: str(self.status_byte()))
        self.offer("*OPC", complete)
        self.offer("*OPC?", lambda _: "1")
        self.offer("*TST?", lambda _: "0")
        self.offer("*WAI", lambda _: None)
