"""Virtual FormFactor Velox: the prober's command language over a chuck with a wafer and a loaded wafer map.

Commands, their arguments and answers as in FormFactor's own list of SCI commands and in PyMeasure's driver. Not found
in either and assumed: every error number but 703, the texts of errors, how long moves take, END without more than a
line feed behind an answer, and the order in which the map steps. The chuck's interlock is on and its automatic
separation off: a sideways move in contact is refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import dist

from labctl.sim.answers import Answers
from labctl.sim.ports import ChuckPort, Ports, SimClock

END_OF_MAP = 703
UNKNOWN, BAD_PARAMETER, INTERLOCK, NOT_ON_MAP = 1, 2, 3, 4
LIFTING = 0.4
"""s of a move up or down at full velocity."""
SETTLING = 0.3
"""s of every sideways move, beside the way itself."""
SPEED = 0.05
"""m/s at full velocity."""
SLICE = 0.05
"""s of bench time by which a move goes on when somebody polls."""
UNITS = {"Y": 1e-6, "I": 25.4e-6}
"""m of one micron and one mil, by the letter of the unit."""
HEIGHTS = {"movechuckcontact": "C", "movechuckalign": "A", "movechuckseparation": "S"}
MODE = 4 + 16
"""Flags of the chuck's mode: interlock, contact height is set."""


class Refused(Exception):
    """A command that is answered by an error number."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number, self.text = number, text


@dataclass(frozen=True)
class Move:
    """Work that takes `seconds`; `done` is what it leads to, and its answer."""

    seconds: float
    done: Callable[[], str]


Arguments = Sequence[str]
Handler = Callable[[Arguments], str | Move]


class VirtualVelox:
    """A `VirtualInstrument`. A command is answered by `0: ...` or `number: text`, moves when they are over.

    results, bins: what was reported of dies, by number of the die in the map; and of dies and subsites.
    """

    def __init__(self, serial: str, chuck: ChuckPort, clock: SimClock) -> None:
        """The prober of `chuck`; the die under the probes is the one whose reference point is nearest."""
        self._serial, self._chuck, self._clock = serial, chuck, clock
        self._index = chuck.pitch
        self._home = self._reference(*self._nearest())
        self._incoming = b""
        self._waiting: deque[str] = deque()
        self._answers = Answers()
        self._move: Move | None = None
        self._due = 0.0
        self._is_unheard = False
        self.results: dict[int, str] = {}
        self.bins: dict[tuple[int, int, int], int] = {}
        self._handlers: dict[str, Handler] = {
            "reportsoftwareversion": lambda _: "3.4",
            "echodata": lambda arguments: arguments[0],
            "isappregistered": lambda arguments: str(int(arguments[0].lower() == "wafermap")),
            "readchuckstatus": lambda _: f"15 {MODE} 0 0 T 1 {self._chuck.height} 0 0 0 1",
            "readchuckposition": self._read_position,
            "readchuckindex": lambda _: " ".join(f"{each * 1e6:.3f}" for each in self._index),
            "setchuckindex": self._set_index,
            "movechuck": self._move_chuck,
            "movechuckindex": self._move_index,
            "movechucksubsite": self._move_subsite,
            "stepfirstdie": self._first_die,
            "stepnextdie": self._next_die,
            "readmapposition2": self._map_position,
            "getnumselecteddies": lambda _: str(len(self._chuck.dies)),
            "setdieresultasnum": self._set_result,
            "binmapdie": self._bin_die,
            "binsubdie": self._bin_subdie,
        } | {name: self._lifting(height) for name, height in HEIGHTS.items()}

    # --- the wire (VirtualInstrument) ---------------------------------------------------------------------------------

    def receive(self, data: bytes, end: bool) -> None:
        """Take bytes; a command ends with LF, CR LF or END. Those that come during a move wait for its end."""
        lines = (self._incoming + data).replace(b"\r", b"").split(b"\n")
        self._incoming = b"" if end else lines.pop()
        self._waiting += [text for line in lines if (text := line.decode("latin-1").strip())]
        self._go_on()

    def proceed(self) -> bool:
        """Let a move go on for a slice of time."""
        if self._move is not None:
            self._clock.wait(max(0.0, min(SLICE, self._due - self._clock.now())))
        return self.catch_up()

    def catch_up(self) -> bool:
        """End a move whose time is over, carry out what waited for it."""
        if self._move is not None and self._clock.now() >= self._due:
            done, self._move = self._move.done, None
            self._say(f"0: {done()}")
            self._go_on()
        return self._move is not None

    def transmit(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the oldest answer."""
        return self._answers.take(count)

    def status_byte(self) -> int:
        """Message available, nothing else."""
        return 16 * bool(self._answers)

    def clear(self) -> None:
        """Device clear: input and output are emptied; a chuck that moves arrives all the same, unheard."""
        self._incoming = b""
        self._waiting.clear()
        self._answers.clear()
        self._is_unheard = self._move is not None

    def trigger(self) -> None:
        """No action."""

    def _go_on(self) -> None:
        while self._waiting and self._move is None:
            name, *arguments = self._waiting.popleft().split()
            if name.lower() == "*idn?":  # the only answer without an error number
                self._say(f"FormFactor,Velox,{self._serial},1.0")
            else:
                self._answer(name, arguments)

    def _answer(self, name: str, arguments: Arguments) -> None:
        """Carry a command out, as far as it takes no time."""
        try:
            found = self._handler(name)(arguments)
        except Refused as refused:
            self._say(f"{refused.number}: {refused.text}")
        except (LookupError, ValueError):
            self._say(f"{BAD_PARAMETER}: A parameter of {name} is missing or has no meaning.")
        else:
            if isinstance(found, Move):
                self._move, self._due = found, self._clock.now() + found.seconds
            else:
                self._say(f"0: {found}")

    def _handler(self, name: str) -> Handler:
        handler = self._handlers.get(name.lower())
        if handler is None:
            raise Refused(UNKNOWN, f"Command {name} is unknown.")
        return handler

    def _say(self, text: str) -> None:
        if not self._is_unheard:
            self._answers.append(f"{text.strip()}\n".encode("latin-1"))
        self._is_unheard = False

    # --- the chuck ----------------------------------------------------------------------------------------------------

    def _lifting(self, height: str) -> Handler:
        def lift(arguments: Arguments) -> Move:
            if height != "C":
                self._chuck.lift(height)  # the probes are free as soon as the chuck begins to fall
            return Move(LIFTING / _velocity(arguments, 0), lambda: self._lifted(height))

        return lift

    def _lifted(self, height: str) -> str:
        self._chuck.lift(height)
        return ""

    def _sideways(
        self, x: float, y: float, velocity: float, answer: Callable[[], str] = str, home: bool = True
    ) -> Move:
        """To (x, y) m from the reference point of die (0, 0), which becomes the die's home unless `home` is False."""
        if self._chuck.height == "C":
            raise Refused(INTERLOCK, "The chuck is in contact (interlock).")

        def arrive() -> str:
            self._chuck.move(x, y)
            if home:
                self._home = (x, y)
            return answer()

        return Move(SETTLING + dist((x, y), self._chuck.position) / (SPEED * velocity), arrive)

    def _move_chuck(self, arguments: Arguments) -> Move:
        unit = self._unit(_word(arguments, 3, "Y"))
        return self._from(
            _word(arguments, 2, "H"), float(arguments[0]) * unit[0], float(arguments[1]) * unit[1],
            _velocity(arguments, 4),
        )  # fmt: skip

    def _move_index(self, arguments: Arguments) -> Move:
        steps = int(arguments[0]), int(arguments[1])
        x, y = steps[0] * self._index[0], steps[1] * self._index[1]
        return self._from(_word(arguments, 2, "H"), x, y, _velocity(arguments, 3))

    def _move_subsite(self, arguments: Arguments) -> Move:
        unit = self._unit(_word(arguments, 2, "Y"))
        x, y = self._home[0] + float(arguments[0]) * unit[0], self._home[1] + float(arguments[1]) * unit[1]
        return self._sideways(x, y, _velocity(arguments, 3), home=False)

    def _from(self, reference: str, x: float, y: float, velocity: float) -> Move:
        origin = self._origin(reference)
        return self._sideways(origin[0] + x, origin[1] + y, velocity)

    def _origin(self, reference: str) -> tuple[float, float]:
        """Where a reference of positions lies, in m: the wafer's home, zero and centre are one point here."""
        if reference == "D":
            return self._home
        if reference == "R":
            return self._chuck.position
        if reference in ("H", "Z", "C"):
            return 0.0, 0.0
        raise ValueError(reference)

    def _unit(self, letter: str) -> tuple[float, float]:
        """One unit along x and y, in m."""
        return self._index if letter == "X" else (UNITS[letter], UNITS[letter])

    def _read_position(self, arguments: Arguments) -> str:
        unit, origin = self._unit(_word(arguments, 0, "Y")), self._origin(_word(arguments, 1, "H"))
        x, y = self._chuck.position
        height = {"S": 0.0, "A": 200.0, "C": 300.0}[self._chuck.height]
        return f"{(x - origin[0]) / unit[0]:.3f} {(y - origin[1]) / unit[1]:.3f} {height:.3f}"

    def _set_index(self, arguments: Arguments) -> str:
        unit = self._unit(_word(arguments, 2, "Y"))
        self._index = float(arguments[0]) * unit[0], float(arguments[1]) * unit[1]
        return ""

    # --- the wafer map ------------------------------------------------------------------------------------------------

    def _nearest(self) -> tuple[int, int]:
        x, y = self._chuck.position
        return round(x / self._chuck.pitch[0]), round(y / self._chuck.pitch[1])

    def _reference(self, x: int, y: int) -> tuple[float, float]:
        """Reference point of die (x, y), in m."""
        return x * self._chuck.pitch[0], y * self._chuck.pitch[1]

    def _number(self) -> int:
        """Place of the present die in the map's order."""
        die = self._nearest()
        if die not in self._chuck.dies:
            raise Refused(NOT_ON_MAP, "The chuck stands on no die of the wafer map.")
        return list(self._chuck.dies).index(die)

    def _step(self, die: tuple[int, int], subdie: int | None = None) -> Move:
        if die not in self._chuck.dies:
            raise Refused(END_OF_MAP, "End of wafer map.")
        count = len(self._chuck.subsites)
        offset = (0.0, 0.0) if subdie is None else self._chuck.subsites[subdie]
        home = self._reference(*die)

        def arrived() -> str:
            self._home = home
            return f"{die[0]} {die[1]} {subdie or 0} {count}"

        return self._sideways(home[0] + offset[0], home[1] + offset[1], 1.0, arrived)

    def _first_die(self, _: Arguments) -> Move:
        self.bins.clear()
        self.results.clear()
        return self._step(self._chuck.dies[0])

    def _next_die(self, arguments: Arguments) -> Move:
        if arguments:
            return self._step(
                (int(arguments[0]), int(arguments[1])), int(arguments[2]) if len(arguments) > 2 else None
            )
        following = self._number() + 1
        if following >= len(self._chuck.dies):
            raise Refused(END_OF_MAP, "End of wafer map.")
        return self._step(self._chuck.dies[following])

    def _map_position(self, _: Arguments) -> str:
        number, die = self._number(), self._nearest()
        from_home = " ".join(f"{each * 1e6:.3f}" for each in self._chuck.position)
        last, count = len(self._chuck.subsites) - 1, len(self._chuck.dies)
        return f"{die[0]} {die[1]} {from_home} -1 {last} {number + 1} {count} 0 0"

    def _set_result(self, arguments: Arguments) -> str:
        number = int(arguments[1]) if len(arguments) > 1 else self._number() + 1
        self.results[number] = arguments[0]
        return ""

    def _bin_die(self, arguments: Arguments) -> str:
        die = (int(arguments[1]), int(arguments[2])) if len(arguments) > 2 else self._nearest()
        self.bins[(*die, -1)] = int(arguments[0])
        return f"{die[0]} {die[1]}"

    def _bin_subdie(self, arguments: Arguments) -> str:
        die = (int(arguments[1]), int(arguments[2])) if len(arguments) > 2 else self._nearest()
        site = int(arguments[3]) if len(arguments) > 3 else 0
        self.bins[(*die, site)] = int(arguments[0])
        return f"{die[0]} {die[1]} {site} {len(self._chuck.subsites) - 1}"


def _velocity(arguments: Arguments, place: int) -> float:
    """Share of full velocity."""
    percent = float(arguments[place]) if len(arguments) > place else 100.0
    if not 0.1 <= percent <= 100.0:
        raise ValueError(percent)
    return percent / 100.0


def _word(arguments: Arguments, place: int, otherwise: str) -> str:
    """First letter of a word such as `Home`, which may be left out."""
    return arguments[place][0].upper() if len(arguments) > place else otherwise


def velox(ports: Ports) -> VirtualVelox:
    """The virtual Velox of a bench with a wafer."""
    return VirtualVelox(ports.serial, ports.chuck, ports.clock)
