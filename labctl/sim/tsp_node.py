"""A TSP instrument as seen from the bus: messages in, scripts run in slices, lines out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from labctl.sim.ports import SimClock
from labctl.sim.tsp_background import Background
from labctl.sim.tsp_common import CommonCommands
from labctl.sim.tsp_errors import ErrorQueue
from labctl.sim.tsp_output import Output
from labctl.sim.tsp_runtime import LuaRuntime, ScriptFault
from labctl.sim.tsp_scripts import Scripts
from labctl.sim.tsp_status import STANDARD_BITS, Status, standard_bit
from labctl.sim.tsp_tree import Branch, Leaf, within
from labctl.sim.tsp_worker import ScriptEnded, Worker

_SECONDS_PER_UNIT = 0.1 / 32.0
"""Bench time that counts as one unit of a slice: a slice lets about 0.1 s pass."""
_LONGEST_STEP = 0.1
_COMMAND_TIME = 20e-6
"""s that reading a clock or a status register costs inside a script, so that polling loops end (assumed)."""


@dataclass(frozen=True)
class Identity:
    """What `*IDN?` and `localnode` tell."""

    maker: str
    model: str
    serial: str
    version: str


class TspNode:
    """Base of every virtual TSP instrument; a `VirtualInstrument`.

    Subclasses hang their commands on the tree in their constructor and override `reset_instrument`.
    digits: significant digits of printed numbers at power on (6 for 2600, 10 for 707B; manual pages 7-91, 7-89).
    """

    def __init__(self, identity: Identity, clock: SimClock, *, digits: int) -> None:
        self.identity, self.clock = identity, clock
        self.output = Output(digits)
        self.status = Status(lambda: len(self.errors) > 0, lambda: bool(self.output))
        self.errors = ErrorQueue(lambda code: self.status.standard.latch(standard_bit(code)))
        self.background = Background(clock)
        self._worker = Worker(self._work)
        self.runtime = LuaRuntime(self._worker, self.errors.post, self.output.line, self._time)
        self.output.connect(self.runtime.set_digits, self.runtime.number)
        self._leaping = True
        self._incoming = b""
        self._lines: deque[str] = deque()
        self._scripts = Scripts(self.runtime)
        self._common = CommonCommands(self)
        self._timer_start = clock.now()
        self._hang_language()

    # --- the wire (VirtualInstrument) -----------------------------------------------------------------

    def receive(self, data: bytes, end: bool) -> None:
        """Take bytes; every line ended by LF, CR LF or END is a message. Runs the first slice at once."""
        if self._incoming:
            data, self._incoming = self._incoming + data, b""
        lines = data.decode("latin-1").split("\n")
        if not end:
            self._incoming = lines.pop().encode("latin-1")
        for line in lines:
            message = line.strip("\r\0 \t")
            if message == "abort":
                self._abort()
            elif message.upper() == "*TRG" and self._worker.running:
                self.trigger()
            elif message or self._scripts.loading:
                self._lines.append(message if not self._scripts.loading else line.rstrip("\r\0"))
        if self._lines:
            self._worker.resume()

    def proceed(self) -> bool:
        """Let a suspended script, or else background work, go on; True while some is left."""
        if self._worker.running:
            self._worker.resume()
            return self._worker.running or self.background.busy
        return self.background.next_event()

    def catch_up(self) -> bool:
        """Let work go on whose time has come, while another instrument is talked to."""
        if self._worker.running:
            self._leaping = False
            try:
                self._worker.resume()
            finally:
                self._leaping = True
        else:
            self.background.catch_up()
        return self._worker.running or self.background.busy

    def transmit(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the oldest reply."""
        return self.output.take(count)

    def status_byte(self) -> int:
        """The status byte with the master summary in bit 6."""
        return self.status.byte()

    def clear(self) -> None:
        """Device clear: the running script ends, input and output queues are emptied; errors stay."""
        self._abort()
        self._incoming = b""
        self._scripts.cancel()
        self.output.clear()

    def trigger(self) -> None:
        """Group execute trigger, the same as `*TRG`."""

    def _abort(self) -> None:
        self._lines.clear()
        self._worker.stop()
        self.background.clear()
        self.aborted()

    # --- messages ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Execute the waiting lines; runs inside the worker."""
        while self._lines:
            try:
                self._execute(self._lines.popleft())
            except ScriptFault as fault:
                self.errors.post(fault.code, fault.message)
            except ScriptEnded:
                self._worker.ending = False

    def _execute(self, line: str) -> None:
        if line.startswith("*"):
            self._common.execute(line)
            return
        chunk = self._scripts.fed(line)
        if chunk is not None:
            self.runtime.run(chunk)

    # --- time -------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let bench time pass inside a command, in steps that hand control back to the reader."""
        if seconds <= _LONGEST_STEP and self._leaping:
            self.background.wait(seconds)
        else:
            self._wait_long(seconds)
        self._worker.spend(1.0 + min(seconds, _LONGEST_STEP) / _SECONDS_PER_UNIT)

    def _wait_long(self, seconds: float) -> None:
        """A wait in steps; others may let the clock run on between them."""
        end, left, step = self.clock.now() + seconds, seconds, _LONGEST_STEP
        while left > step or not self._leaping:
            if self._leaping:
                self.background.wait(step)
                step *= 1.25
            self._worker.pause()
            left = end - self.clock.now()
            if left <= 0.0:
                return
        self.background.wait(left)

    def polled(self) -> None:
        """A script looked at a clock or a status register."""
        self.wait(_COMMAND_TIME)

    def finish_background(self) -> tuple[()]:
        """Wait until all overlapped work is done (`waitcomplete`)."""
        while self.background.busy:
            if self.background.next_event():
                self._worker.spend(1.0)
            elif self.background.busy:  # everything waits for a trigger, and so does the script
                self._worker.pause()
        self.caught_up()
        return ()

    def _time(self) -> float:
        self.polled()
        return self.clock.now()

    # --- what subclasses fill in ------------------------------------------------------------------------

    def reset_instrument(self) -> None:
        """Settings as at power on, outputs off."""

    def aborted(self) -> None:
        """A script or sweep was ended from outside."""

    def caught_up(self) -> None:
        """A script waited until all overlapped work was done."""

    def reset(self) -> tuple[()]:
        """`reset()` and `*RST`."""
        self.background.clear()
        self.output.reset()
        self.reset_instrument()
        return ()

    # --- the tree ---------------------------------------------------------------------------------------

    def new_branch(self) -> Branch:
        """An empty node of the command tree."""
        return Branch(self.runtime)

    def root(self, name: str) -> Branch:
        """A new table at the top of the tree."""
        branch = self.new_branch()
        self.runtime.set_global(name, branch.table)
        return branch

    def root_function(self, name: str, leaf: Leaf) -> None:
        """A function at the top of the tree."""
        carrier = self.new_branch()
        carrier.function(name, leaf)
        self.runtime.set_global(name, carrier.table[name])

    def _hang_language(self) -> None:
        """What every TSP instrument offers."""
        self.errors.hang(self.root("errorqueue"))
        self.output.hang(self.root("format"))
        self.status_branches = self.status.hang(self.root("status"), self.new_branch)
        self._scripts.hang(self.root("script"))
        self.root_function("printnumber", self.output.print_numbers)
        self.root_function("printbuffer", self.output.print_buffer)
        self.root_function("delay", self._delay)
        self.root_function("waitcomplete", lambda group=None: self.finish_background())
        self.root_function("opc", self.operation_complete)
        self.root_function("reset", lambda system=None: self.reset())
        self._hang_localnode(self.root("localnode"))
        timer = self.root("timer")
        timer.function("reset", self._restart_timer)
        timer.branch("measure", self.new_branch()).function("t", lambda: self._time() - self._timer_start)

    def _hang_localnode(self, branch: Branch) -> None:
        """Identity and the settings of the remote interface; prompts stay off, as VISA programs need them."""
        self.localnode = branch
        branch.attribute("model", lambda: self.identity.model)
        branch.attribute("serialno", lambda: self.identity.serial)
        branch.attribute("revision", lambda: self.identity.version)
        branch.attribute("version", lambda: self.identity.version)
        branch.attribute("prompts", lambda: 0, lambda value: within(value, 0, 0))
        branch.attribute("showerrors", lambda: 0, lambda value: within(value, 0, 0))

    def _restart_timer(self) -> tuple[()]:
        self._timer_start = self.clock.now()
        return ()

    def _delay(self, seconds: object) -> tuple[()]:
        self.wait(within(seconds, 0.0, 100_000.0))
        return ()

    def operation_complete(self) -> tuple[()]:
        """`opc()` and `*OPC`: set the OPC bit once all overlapped work is done."""
        self.background.then(lambda: self.status.standard.latch(STANDARD_BITS["OPC"]))
        return ()
