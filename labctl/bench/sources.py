"""All source channels of a bench under their terminals' names: prepared, raised in order, quieted whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labctl.core.capabilities import SourceMainframe, SourceMeter
from labctl.core.errors import LabError, NotConfirmed, RouteRefused
from labctl.core.route import Feed, Role

MEASURING_RANGE = {Role.SENSE: 100e-6, Role.OUTPUT: 10e-6, Role.LEVEL: 100e-6}
"""A; where the compliance would make a coarse range. A cell of 1 mS at 0.1 V fits, a film of 5 kohm at 50 mV; a level
source is only measured at 0 V, to see that its relays may move."""
READ_NPLC = 1.0
QUICK_NPLC = 0.1
"""Power line cycles where the current is only looked at, not taken for a conductance."""


class Sources:
    """Terminals such as `smu1.a` and the channels behind them."""

    def __init__(self, mainframes: Mapping[str, SourceMainframe]) -> None:
        """The channels of these `mainframes`, by the bench file's names."""
        self._mainframes = mainframes
        self._on: set[str] = set()

    @property
    def at_rest(self) -> bool:
        """Whether every output that was switched on has been switched off again."""
        return not self._on

    @property
    def ordered(self) -> dict[str, float]:
        """V that every terminal whose output is on was ordered to last."""
        return {terminal: self.channel(terminal).ordered_level for terminal in sorted(self._on.copy())}

    def forget(self) -> None:
        """Every output is off: somebody else has seen to it."""
        self._on.clear()

    @property
    def terminals(self) -> list[str]:
        """Every terminal of the bench."""
        return [f"{name}.{letter}" for name, frame in self._mainframes.items() for letter in frame.channels]

    def channel(self, terminal: str) -> SourceMeter:
        """The channel at `terminal`; RouteRefused when there is none."""
        name, letter = terminal.split(".")
        try:
            return self._mainframes[name].channels[letter]
        except KeyError:
            raise RouteRefused(f"this bench has no source {terminal}") from None

    def prepare(self, feeds: Iterable[Feed]) -> None:
        """Range and compliance of every source, confirmed, outputs off at 0 V."""
        for feed in feeds:
            precise = feed.role in (Role.SENSE, Role.OUTPUT, Role.PROBE) or feed.series_ohm > 0.0
            self.channel(feed.source).prepare(
                largest_level=feed.level,
                compliance=feed.compliance,
                nplc=READ_NPLC if precise else QUICK_NPLC,
                largest_reading=MEASURING_RANGE.get(feed.role, feed.compliance),
            )

    def switch_on(self, feeds: Iterable[Feed]) -> None:
        """Outputs on, each at the 0 V at which it was prepared."""
        for feed in feeds:
            self._on.add(feed.source)
            self.channel(feed.source).set_output(True)

    def raise_to(self, levels: Mapping[str, float]) -> None:
        """Terminals to these levels in V, in the given order; neighbours on one instrument share a message."""
        run: dict[str, float] = {}
        owner = ""
        for terminal, level in levels.items():
            name, letter = terminal.split(".")
            if name != owner and run:
                self._mainframes[owner].set_levels(run)
                run = {}
            owner, run[letter] = name, level
        if run:
            self._mainframes[owner].set_levels(run)

    def pulse(
        self, levels: Mapping[str, float], width: float, rest: Mapping[str, float], spacing: float = 0.0
    ) -> None:
        """One pulse on terminals of one instrument, timed inside it; `rest` and `spacing` as there."""
        owners = {terminal.split(".")[0] for terminal in levels}
        if len(owners) != 1:
            raise RouteRefused(
                f"a pulse on {', '.join(levels)} cannot be timed: they are on different instruments"
            )
        frame = self._mainframes[owners.pop()]
        frame.pulse(
            {terminal.split(".")[1]: level for terminal, level in levels.items()},
            width,
            {terminal.split(".")[1]: level for terminal, level in rest.items()},
            spacing,
        )

    def quiet(self, terminals: Iterable[str]) -> None:
        """0 V and off, every one though some fail; NotConfirmed names those whose state is unknown."""
        troubles = []
        for terminal in terminals:
            try:
                self.channel(terminal).set_output(False)
                self._on.discard(terminal)
            except LabError as error:
                troubles.append(f"{terminal} could not be confirmed to be off: {error}")
        if troubles:
            raise NotConfirmed("; ".join(troubles))
