"""Virtual Keithley 2636B: two source-measure channels and digital lines under TSP."""

from __future__ import annotations

from labctl.sim.keithley2600_channel import SmuChannel
from labctl.sim.keithley2600_trigger import TriggerModel
from labctl.sim.ports import DigitalPort, NoisePort, Ports, SimClock, SourceTerminal
from labctl.sim.tsp_digital import DigitalLines
from labctl.sim.tsp_events import Events, TriggerRoot
from labctl.sim.tsp_node import Identity, TspNode
from labctl.sim.tsp_status import RegisterSet
from labctl.sim.tsp_tree import Branch, Setting

_SMU_BIT = {"a": 2, "b": 4}
_CONDITION = {"VOLTAGE_LIMIT": 1, "VLMT": 1, "CURRENT_LIMIT": 2, "ILMT": 2}
_CONDITION |= {"READING_OVERFLOW": 128, "ROF": 128, "BUFFER_AVAILABLE": 256, "BAV": 256}


class Keithley2636B(TspNode):
    """A `VirtualInstrument` with two channels.

    terminals:      HI terminals of smua and smub; LO is the star ground.
    digital:        what hangs on the digital connector.
    line_frequency: Hz of the mains, which a power line cycle is counted in.
    """

    def __init__(
        self,
        serial: str,
        terminals: tuple[SourceTerminal, SourceTerminal],
        digital: DigitalPort,
        noise: NoisePort,
        clock: SimClock,
        *,
        line_frequency: float = 50.0,
    ) -> None:
        super().__init__(Identity("Keithley Instruments Inc.", "2636B", serial, "3.3.5"), clock, digits=6)
        self._sweeping = self.status.activity(self.status.operation, 8)
        self._hang_operation()
        self.channels = {
            letter: SmuChannel(self, letter, terminal, noise, line_frequency, self._register(letter))
            for letter, terminal in zip("ab", terminals, strict=True)
        }
        self._events = Events(self.background)
        self._trigger = TriggerRoot(self, self._events)
        self._models = [
            TriggerModel(self, channel, self._events, self._sweeping, _SMU_BIT[letter])
            for letter, channel in self.channels.items()
        ]
        self._digital = DigitalLines(self, digital)
        self.localnode.attribute("linefreq", lambda: line_frequency)
        self._hang_front_panel()

    def reset_instrument(self) -> None:
        """Both outputs off, settings as at power on, digital lines released."""
        self._trigger.reset()
        for channel in self.channels.values():
            channel.reset()
        self._digital.reset()

    def aborted(self) -> None:
        """Sweeps end where they stand; outputs stay as they are."""
        for model in self._models:
            model.abort()
        self._sweeping.settle()

    def caught_up(self) -> None:
        """`waitcomplete()` came back: no sweep shows any longer."""
        self._sweeping.settle()

    def trigger(self) -> None:
        """Group execute trigger and `*TRG`."""
        self._trigger.bus_trigger()

    # --- status -------------------------------------------------------------------------------------

    def _hang_operation(self) -> None:
        sweeping = self.status_branches["operation"].branch("sweeping", self.new_branch())
        self._sweeping.hang(sweeping, {"SMUA": 2, "SMUB": 4})
        self._instruments = self.status.child(self.status.measurement, 8192)
        self._instrument_branch = self.status_branches["measurement"].branch("instrument", self.new_branch())
        self._instruments.hang(self._instrument_branch, {"SMUA": 2, "SMUB": 4})

    def _register(self, letter: str) -> RegisterSet:
        """status.measurement.instrument.smuX."""
        register = self.status.child(self._instruments, _SMU_BIT[letter])
        register.hang(self._instrument_branch.branch(f"smu{letter}", self.new_branch()), _CONDITION)
        return register

    # --- what only a person at the front panel would notice --------------------------------------------

    def _hang_front_panel(self) -> None:
        beeper = self.root("beeper")
        beeper.setting("enable", Setting(1, 0, 1, step=1))
        beeper.constant("ON", 1)
        beeper.constant("OFF", 0)
        beeper.function("beep", lambda duration=None, frequency=None: ())
        display = self.root("display")
        for name in ("clear", "settext", "setcursor", "loadmenu", "prompt"):
            display.function(name, lambda *arguments: ())
        for name, value in {"SMUA": 0, "SMUB": 1, "SMUA_SMUB": 2, "USER": 3}.items():
            display.constant(name, value)
        for name, value in {
            "MEASURE_DCAMPS": 0,
            "MEASURE_DCVOLTS": 1,
            "MEASURE_OHMS": 2,
            "MEASURE_WATTS": 3,
        }.items():
            display.constant(name, value)
        display.setting("screen", Setting(2, 0, 3, step=1))
        for letter in self.channels:
            self._hang_display(display.branch(f"smu{letter}", self.new_branch()))

    def _hang_display(self, shown: Branch) -> None:
        shown.setting("digits", Setting(5, 4, 6, step=1))
        shown.branch("measure", self.new_branch()).setting("func", Setting(1, 0, 3, step=1))


def keithley2636b(ports: Ports) -> Keithley2636B:
    """The virtual 2636B of a bench."""
    terminals = ports.terminal("a"), ports.terminal("b")
    return Keithley2636B(ports.serial, terminals, ports.digital, ports.noise, ports.clock)
