"""Virtual Keithley 707B switching matrix with six 7174A cards, rows joined, under TSP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from labctl.sim.keithley707_channels import COLUMNS, CROSSPOINT, ROWS, SLOTS, Channel, channels
from labctl.sim.ports import MatrixPort, Ports, SimClock
from labctl.sim.tsp_node import Identity, TspNode
from labctl.sim.tsp_tree import Branch, Setting, TspError, within

_OFF, _BREAK_BEFORE_MAKE, _MAKE_BEFORE_BREAK = 0, 1, 2


class Keithley707B(TspNode):
    """A `VirtualInstrument` that moves the relays of `matrix`.

    settle: s that one relay needs to open or to close (the example of 707B-901-01 p. 2-91 is 4 ms).
    """

    def __init__(self, serial: str, matrix: MatrixPort, clock: SimClock, *, settle: float = 4e-3) -> None:
        super().__init__(Identity("Keithley Instruments Inc.", "707B", serial, "01.03a"), clock, digits=10)
        self._matrix, self._settle = matrix, settle
        self._closed: frozenset[Channel] = frozenset()
        self._forbidden: frozenset[Channel] = frozenset()
        self._delays: dict[Channel, float] = {}
        self._closures: Counter[Channel] = Counter()
        self._rule = Setting(_BREAK_BEFORE_MAKE, _OFF, _MAKE_BEFORE_BREAK, step=1)
        self._sequential = Setting(0, 0, 1, step=1)
        self._hang_channel(self.root("channel"))
        self._hang_slots(self.root("slot"))
        beeper = self.root("beeper")
        beeper.setting("enable", Setting(1, 0, 1, step=1))
        beeper.constant("ON", 1)
        beeper.constant("OFF", 0)
        beeper.function("beep", lambda duration=None, frequency=None: ())
        self.root("dataqueue").function("clear", lambda: ())
        self._matrix.set_closed(frozenset())

    def reset_instrument(self) -> None:
        """All relays open, delays and rules as at power on."""
        self._delays.clear()
        self._forbidden = frozenset()
        self._rule.reset()
        self._sequential.reset()
        self._go_to(frozenset())

    # --- relays ---------------------------------------------------------------------------------------

    def _duration(self, moved: Iterable[Channel], closing: bool) -> float:
        """Seconds for relays to move: at the same time, or one after another when sequential."""
        times = [self._settle + (self._delays.get(channel, 0.0) if closing else 0.0) for channel in moved]
        if not times:
            return 0.0
        return sum(times) if self._sequential.value else max(times)

    def _go_to(self, target: frozenset[Channel]) -> None:
        """Move from the present state to `target` by the connect rule; settling is paid here."""
        opening, closing = self._closed - target, target - self._closed
        self._closures.update(closing)
        rule = self._rule.value if opening and closing else _OFF
        if rule == _BREAK_BEFORE_MAKE:
            self._set(self._closed - opening)
            self.wait(self._duration(opening, closing=False))
        elif rule == _MAKE_BEFORE_BREAK:
            self._set(self._closed | closing)
            self.wait(self._duration(closing, closing=True))
        remaining_opening, remaining_closing = self._closed - target, target - self._closed
        self._set(target)
        self.wait(
            max(
                self._duration(remaining_opening, closing=False),
                self._duration(remaining_closing, closing=True),
            )
        )

    def _set(self, closed: frozenset[Channel]) -> None:
        if closed != self._closed:
            self._closed = closed
            self._matrix.set_closed(frozenset(CROSSPOINT[channel] for channel in closed))

    def _closable(self, specifier: object) -> frozenset[Channel]:
        """Channels to close; any error in the list and none is closed."""
        wanted = frozenset(channels(specifier, whole_slots=False))
        if forbidden := sorted(wanted & self._forbidden):
            raise TspError(-221, f"Settings Conflict: channel {forbidden[0]} is forbidden to close")
        return wanted

    def _close(self, specifier: object) -> tuple[()]:
        self._go_to(self._closed | self._closable(specifier))
        return ()

    def _exclusive_close(self, specifier: object) -> tuple[()]:
        self._go_to(self._closable(specifier))
        return ()

    def _exclusive_slot_close(self, specifier: object) -> tuple[()]:
        wanted = self._closable(specifier)
        slots = {channel.slot for channel in wanted}
        self._go_to(wanted | {channel for channel in self._closed if channel.slot not in slots})
        return ()

    def _open(self, specifier: object) -> tuple[()]:
        self._go_to(self._closed - frozenset(channels(specifier, whole_slots=True)))
        return ()

    def _reset_channels(self, specifier: object) -> tuple[()]:
        wanted = frozenset(channels(specifier, whole_slots=True))
        self._forbidden -= wanted
        for channel in wanted:
            self._delays.pop(channel, None)
        self._go_to(self._closed - wanted)
        return ()

    # --- what is asked about channels -----------------------------------------------------------------

    def _get_close(self, specifier: object) -> str | None:
        """Closed channels of the list, slot by slot from low to high, joined by `;`; nil when none is."""
        wanted = frozenset(channels(specifier, whole_slots=True))
        return ";".join(str(channel) for channel in sorted(self._closed & wanted)) or None

    def _get_state(self, specifier: object) -> str:
        wanted = channels(specifier, whole_slots=True)
        return ",".join("1" if channel in self._closed else "0" for channel in wanted)

    def _get_count(self, specifier: object) -> str:
        wanted = channels(specifier, whole_slots=True)
        return ",".join(str(self._closures[channel]) for channel in wanted)

    def _get_delay(self, specifier: object) -> str:
        wanted = channels(specifier, whole_slots=True)
        return ",".join(self.runtime.number(self._delays.get(channel, 0.0)) for channel in wanted)

    def _set_delay(self, specifier: object, seconds: object) -> tuple[()]:
        wanted, delay = channels(specifier, whole_slots=True), within(seconds, 0.0, 60.0)
        self._delays.update(dict.fromkeys(wanted, delay))
        return ()

    def _set_forbidden(self, specifier: object) -> tuple[()]:
        self._forbidden |= frozenset(channels(specifier, whole_slots=True))
        return ()

    def _clear_forbidden(self, specifier: object) -> tuple[()]:
        self._forbidden -= frozenset(channels(specifier, whole_slots=True))
        return ()

    def _get_forbidden(self, specifier: object) -> str | None:
        wanted = frozenset(channels(specifier, whole_slots=True))
        return ",".join(str(channel) for channel in sorted(self._forbidden & wanted)) or None

    # --- the tree -------------------------------------------------------------------------------------

    def _hang_channel(self, branch: Branch) -> None:
        branch.function("close", self._close)
        branch.function("open", self._open)
        branch.function("exclusiveclose", self._exclusive_close)
        branch.function("exclusiveslotclose", self._exclusive_slot_close)
        branch.function("reset", self._reset_channels)
        branch.function("getclose", self._get_close)
        branch.function("getstate", self._get_state)
        branch.function("getcount", self._get_count)
        branch.function("getdelay", self._get_delay)
        branch.function("setdelay", self._set_delay)
        branch.function("getforbidden", self._get_forbidden)
        branch.function("setforbidden", self._set_forbidden)
        branch.function("clearforbidden", self._clear_forbidden)
        branch.setting("connectrule", self._rule)
        branch.setting("connectsequential", self._sequential)
        for name, value in {"OFF": 0, "ON": 1, "BREAK_BEFORE_MAKE": 1, "MAKE_BEFORE_BREAK": 2}.items():
            branch.constant(name, value)

    def _hang_slots(self, branch: Branch) -> None:
        for slot in range(1, SLOTS + 1):
            card = branch.branch(slot, self.new_branch())
            idn = f"7174A,{len(ROWS)}x{COLUMNS} Low Current Matrix,01.00a,{self.identity.serial}-{slot}"
            card.constant("idn", idn)
            card.branch("rows", self.new_branch()).constant("matrix", len(ROWS))
            card.branch("columns", self.new_branch()).constant("matrix", COLUMNS)


def keithley707b(ports: Ports) -> Keithley707B:
    """The virtual 707B of a bench."""
    return Keithley707B(ports.serial, ports.relays, ports.clock)
