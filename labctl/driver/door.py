"""Base of every driver: PyMeasure's instrument behind a typed door; answers are polled for, never waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pyvisa.constants import AccessModes, StatusCode
from pyvisa.errors import Error as VisaError
from pyvisa.errors import VisaIOError
from pyvisa.resources import MessageBasedResource, TCPIPSocket

from labctl.core.clock import Clock, WallClock
from labctl.core.errors import InstrumentError, LinkLost
from labctl.core.orders import AbortOrder

if TYPE_CHECKING:  # PyMeasure ships no types: without this door every driver would be `Any`

    class _Instrument:
        adapter: Any
        name: str

        def __init__(self, adapter: object, name: str, includeSCPI: bool, **visa: Any) -> None: ...

else:
    from pymeasure.instruments import Instrument as _Instrument

BUS_CALL = 100
"""ms; no bus call waits longer. Long work is started and polled."""
PATIENCE = 5.0
"""s on the bench's clock that an answer may take beyond the time which the work itself needs."""


CHECK = "check that it is on, and its cable"


class Driver(_Instrument):
    """One instrument at a VISA address. A message goes out once and is never repeated; only reading is tried again."""

    model: str
    """What the answer to `*IDN?` must contain."""

    # PyMeasure's own guards the names of its dynamic properties, which our drivers lack: half the time of a message.
    __getattribute__ = object.__getattribute__

    def __init__(
        self,
        adapter: object,
        *,
        name: str = "",
        visa_library: str = "",
        clock: Clock | None = None,
        order: AbortOrder | None = None,
    ) -> None:
        """Connect to `adapter`: a VISA address, or an adapter of PyMeasure.

        `name` is what the bench file calls the instrument, `clock` counts how long an answer may take, `order` is
        asked before each message and each read.
        Raises LinkLost when nothing answers there.
        """
        visa: dict[str, Any] = {}
        if isinstance(adapter, str):
            visa = {"visa_library": visa_library, "timeout": BUS_CALL}
            visa |= {"read_termination": "\n", "write_termination": "\n"}
        self.label = f"{name} ({self.model})" if name else self.model
        try:
            super().__init__(adapter, self.label, includeSCPI=False, **visa)
        except Exception as error:  # pyvisa-py tells of a socket without answer by a bare Exception
            raise LinkLost(
                f"{self.label} does not answer at {adapter}: check that it is on, its cable and its address "
                f"({' '.join(str(error).split())})"
            ) from error
        self._bus = self.adapter
        self._clock: Clock = clock if clock is not None else WallClock()
        self._order = order if order is not None else AbortOrder()
        self._answer_due = False
        self.messages = 0
        """Messages sent since the connection was opened."""

    def send(self, message: str) -> None:
        """Send `message`, which has no answer.

        Raises LinkLost when it cannot be sent: whether the instrument took it is then unknown; Aborted, and nothing
        is sent, once that is ordered.
        """
        self._order.check()
        if self._answer_due:  # an interrupt fell between a question and its answer, which is nobody's now
            self.device_clear()
        self.messages += 1
        try:
            self._bus.write(message)
        except (VisaError, OSError) as error:
            raise LinkLost(f"{self.label} does not take '{message}': {CHECK} ({error})") from error

    def query(self, message: str, takes: float = 0.0) -> str:
        """Send `message` once and poll for its answer, which may need `takes` s beyond the usual patience.

        Raises LinkLost when none comes; what the instrument did with the message is then unknown.
        """
        self.put(message)
        return self.collect(message, takes)

    def put(self, message: str) -> None:
        """Send `message` and leave its answer to `collect`."""
        self.send(message)
        self._answer_due = True

    def collect(self, message: str, takes: float = 0.0) -> str:
        """The answer to `message`, which was `put`; LinkLost as in `query`."""
        deadline = self._clock.now() + takes + PATIENCE
        while (answer := self.poll()) is None:
            self._order.check()
            if self._clock.now() > deadline:
                self.unanswered(message)
        self._answer_due = False
        return answer

    def poll(self) -> str | None:
        """One read of at most `BUS_CALL`; None when nothing has come yet.

        Raises LinkLost when the bus fails, InstrumentError when what comes is no text or breaks off: half of a
        number is a number too.
        """
        try:
            answer = self._received()
            if not answer.endswith(b"\n"):
                raise InstrumentError(f"{self.label} broke off in the middle of an answer: {answer!r}")
            return answer.decode("ascii").strip()
        except VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                return None
            raise LinkLost(f"{self.label} broke off while it answered: {CHECK} ({error})") from error
        except OSError as error:
            raise LinkLost(f"{self.label} broke off while it answered: {CHECK} ({error})") from error
        except UnicodeDecodeError as error:
            raise InstrumentError(f"{self.label} answered with bytes that are no text") from error

    def _received(self) -> bytes:
        """What one read of the bus gives, its end included; an adapter that is not PyVISA's gives whole lines."""
        connection = self._bus.connection
        if isinstance(connection, MessageBasedResource):
            return bytes(connection.read_raw())
        return f"{self._bus.read()}\n".encode()

    def unanswered(self, message: str) -> NoReturn:
        """End a wait in vain: stop what runs, drop a late answer, raise LinkLost."""
        self.device_clear()
        raise LinkLost(
            f"{self.label} has not answered '{message}': its state is unknown until it is read again; {CHECK}"
        )

    def device_clear(self) -> None:
        """End whatever the instrument runs, empty its input and output queues.

        A raw socket has no device clear. There the connection is closed, which ends what it had the instrument do
        (2600AS-901-01 rev. B p. 19-223), and opened anew, also when it was lost.
        """
        self._answer_due = False
        connection = self._bus.connection
        try:
            if isinstance(connection, TCPIPSocket):
                connection.close()
                connection.open(AccessModes.no_lock, BUS_CALL)
                connection.timeout = BUS_CALL
                connection.read_termination = connection.write_termination = "\n"
            else:
                connection.clear()
        except Exception as error:  # pyvisa-py tells of a socket without answer by a bare Exception
            raise LinkLost(f"{self.label} does not take a device clear: {CHECK} ({error})") from error

    @property
    def answer_due(self) -> bool:
        """Whether a question was put whose answer never came: the instrument is busy, or does not hear."""
        return self._answer_due

    def number(self, text: str) -> float:
        """A number that the instrument answered; InstrumentError when it is none."""
        try:
            return float(text)
        except ValueError:
            raise InstrumentError(f"{self.label} answered '{text}' where a number was asked for") from None

    def identity(self) -> str:
        """Maker, model, serial number, firmware, as the instrument says it."""
        return self.query("*IDN?")

    def errors(self) -> list[str]:
        """What the instrument complains about, in words; one without an error queue has nothing to tell."""
        return []

    def close(self) -> None:
        """End the connection."""
        self._bus.close()
