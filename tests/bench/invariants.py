"""What must hold in every trace of VISA messages, whichever test made it: a judge that trusts no part of the suite.

It reads the messages alone and keeps its own account of levels, outputs, relays, cells and pulses. The rules:

1. no relay moves hot, but to cut off a source that cannot be reached (`lost`): see decision 15,
2. no output closes before its compliance was written and read back after the last change of range or function,
3. no cell, heater or source beyond the limits, and no cell beyond its budget; every pulse seen is in the ledger,
4. two sources never meet on one line; a source meets ground only at up to 10 mV and 100 uA (proof of the wiring),
5. a bench that was made safe stands at 0 V with every output off and every relay open,
6. the chuck of a prober moves, up and down included, only over a bench that stands so,
7. while the suite holds a bench, its instruments are told nothing that is not understood whole (see `languages`).
"""

import re
from collections import deque
from dataclasses import dataclass

import numpy as np
from pyvisa.rname import to_canonical_name

from labctl.bench.sites import read_all_books
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import GROUND
from labctl.instrumenttype import InstrumentKind
from tests.bench.languages import not_understood, split

HOT = 10e-3
HARMLESS = 100e-6  # A, where a source meets ground on a line
SLACK = 1.0 + 1e-6
NAMES = {"OUTPUT_OFF": 0.0, "OUTPUT_ON": 1.0, "OUTPUT_DCVOLTS": 1.0, "OUTPUT_DCAMPS": 0.0}
STATEMENT = re.compile(
    r"smu(?P<channel>[ab])\.source\.(?P<name>\w+) *= *(?P<value>[^\s=;]+)"
    r"|smu(?P<reset>[ab])\.reset\(\)"
    r'|channel\.(?P<verb>open|close|exclusiveclose)\("(?P<list>[^"]*)"\)'
    r"|digio\.writebit\((?P<line>\d+), *(?P<bit>[01])\)"
)
CHUCK = re.compile(r"(MoveChuck|Step(First|Next)Die)", re.IGNORECASE)
CROSSPOINT = re.compile(r"([1-6])([A-H])(\d\d)")


@dataclass
class Terminal:
    """A source channel, as its messages have left it."""

    level: float = 0.0
    on: bool = False
    limit: float | None = None
    confirmed: bool = False

    @property
    def live(self) -> bool:
        return self.on and abs(self.level) > HOT


class Judge:
    """Follows the messages to one virtual bench from power-on."""

    def __init__(self, truth):
        self.file = truth
        self.names = {to_canonical_name(address): name for name, address in truth.visa.addresses.items()}
        self.terminals = {
            f"{name}.{letter}": Terminal()
            for name, entry in truth.instruments.items()
            for letter in entry.channels
        }
        self.closed = set()
        self.ends = {}  # of columns: the terminal that holds each
        self.grounded = {}  # of columns that ground holds: the source that meets it there
        self.heaters = set(truth.relays)  # digital outputs are high at power-on
        self.line_at = {column: line for line, column in truth.columns.items()}
        lines = [*truth.lines(LineKind.WORD), *truth.lines(LineKind.BIT)]
        self.columns = [truth.columns.get(line) for line in lines]
        self.on_array = {column for column in self.columns if column is not None}
        self.shape = (truth.array.word_lines, truth.array.bit_lines)
        self.peak = np.zeros(self.shape)
        self.pulses = {}
        self.shares = 0  # approaches to a pulse that got no further than its bystanders
        self.booked = None
        self.belief = None
        self.lost = set()  # instruments whose link is gone for good: a test that cuts it says so
        self.addresses = set()  # where the instruments are, when they are served on sockets
        self.questions = {}
        self.violations = []

    # Messages -------------------------------------------------------------------------------------------------

    def opened_by(self, belief):
        """A bench of the suite is being opened on these instruments: its ledger must account for every pulse."""
        self.finish()
        self.belief, self.pulses, self.shares = belief, {}, 0
        self.booked = told(belief)

    def left_alone(self):
        """No bench of the suite is open on these instruments any longer."""
        self.finish()
        self.belief = self.booked = None

    def message(self, address, text):
        """One message on its way to `address`."""
        name = self.names[address]
        if self.belief is not None and (unknown := not_understood(self.file.instruments[name].driver, text)):
            self.accuse(f"nobody can judge what {name} was told: '{unknown}' in '{text.strip()}'")
        if self.file.instruments[name].kind is InstrumentKind.PROBER:
            if CHUCK.match(text):
                self.is_cold(f"the chuck moved ({text.strip()})")
            return
        statements, _, question = text.partition("print(")
        for found in STATEMENT.finditer(statements):
            if found["channel"]:
                self.assign(f"{name}.{found['channel']}", found["name"], found["value"])
            elif found["reset"]:
                self.terminals[f"{name}.{found['reset']}"] = Terminal()
                self.look()
            elif found["verb"]:
                self.move(found["verb"], found["list"])
            else:
                self.isolate(name, int(found["line"]), found["bit"] == "1")
        if question:
            asked = self.questions.setdefault(address, deque())
            asked.append((name, split(question.rstrip().removesuffix(")"))))

    def cleared(self, address, standing):
        """A device clear or an abort ended what went on: nothing will be answered, channels stand as `standing` says.

        standing: level V and whether the output is on, by the channel's letter.
        """
        self.questions.pop(address, None)
        for letter, (level, on) in standing.items():
            terminal = self.terminals[f"{self.names[address]}.{letter}"]
            terminal.level, terminal.on = level, on
        self.look()

    def answer(self, address, text):
        """The answer to the oldest open question: a limit that reads back as written is confirmed."""
        asked = self.questions.get(address)
        name, expressions = asked.popleft() if asked else (None, [])
        for expression, value in zip(expressions, text.strip().split("\t"), strict=False):
            found = re.fullmatch(r"smu([ab])\.source\.limiti", expression)
            if found:
                terminal = self.terminals[f"{name}.{found[1]}"]
                terminal.confirmed = (
                    terminal.limit is not None and abs(float(value) - terminal.limit) <= 1e-6 * terminal.limit
                )

    # What they do ---------------------------------------------------------------------------------------------

    def assign(self, name, setting, text):
        terminal = self.terminals[name]
        try:
            value = NAMES[text.split(".")[-1]] if "smu" in text else float(text)
        except (KeyError, ValueError):
            self.accuse(f"cannot judge {name} source.{setting} = {text}")
            return
        if setting == "levelv":
            terminal.level = value
        elif setting == "limiti":
            terminal.limit, terminal.confirmed = value, False
        elif setting in ("func", "rangev"):
            terminal.confirmed = False
        elif setting == "output":
            if value and not terminal.on:
                self.closes(name, terminal)
            terminal.on = bool(value)
        self.look()

    def closes(self, name, terminal):
        if not terminal.confirmed:
            self.accuse(f"the output of {name} closed before its compliance was confirmed")
        elif terminal.limit > self.file.limits.compliance * SLACK:
            self.accuse(f"the output of {name} closed with a compliance of {terminal.limit} A")
        if terminal.live:
            self.accuse(f"the output of {name} closed at {terminal.level} V")

    def move(self, verb, names):
        listed = {
            (found[2], (int(found[1]) - 1) * 12 + int(found[3])) for found in CROSSPOINT.finditer(names)
        }
        if "all" in names:
            listed = set(self.closed)
        opening = listed & self.closed if verb == "open" else set()
        if verb == "exclusiveclose":
            opening = self.closed - listed
        closing = listed - self.closed if verb != "open" else set()
        spared = self.lost if verb == "open" and "all" in names else set()
        for crosspoint in sorted(opening | closing):
            self.moves(*crosspoint, spared)
        self.closed = (self.closed - opening) | closing
        self.meet()
        self.ends = {column: self.file.row(row).terminal for row, column in sorted(self.closed)}
        self.look()

    def moves(self, row, column, spared):
        own = self.file.row(row).terminal
        hot = own != GROUND and self.terminals[own].live
        if hot and own.split(".")[0] not in spared:
            self.accuse(f"relay {row}{column} moved while {own} stood at {self.terminals[own].level} V")
        if column in self.on_array:  # what drives the array drives a current through every line of it
            driving = {each for each in self.driving() if each.split(".")[0] not in spared}
            for terminal in sorted(driving - {own}):
                self.accuse(f"relay {row}{column} moved while {terminal} drove the array")

    def isolate(self, name, output, high):
        for heater, wired in self.file.relays.items():
            if wired == (name, output) and (heater in self.heaters) != high:
                for terminal in sorted(self.driving()):
                    self.accuse(f"the relay of heater {heater} moved while {terminal} drove the array")
                (self.heaters.add if high else self.heaters.discard)(heater)
        self.look()

    def driving(self):
        """Terminals above 10 mV that a closed relay joins to a word or bit line."""
        rows = {row for row, column in self.closed if column in self.on_array}
        ends = {self.file.row(row).terminal for row in rows} - {GROUND}
        return {end for end in ends if self.terminals[end].live}

    def meet(self):
        ends = {}
        for row, column in sorted(self.closed):
            ends.setdefault(column, set()).add(self.file.row(row).terminal)
        self.grounded = {}
        for column, met in ends.items():
            if len(met - {GROUND}) > 1:
                self.accuse(f"{' and '.join(sorted(met))} met on {self.line_at.get(column, column)}")
            elif len(met) > 1:
                (self.grounded[column],) = met - {GROUND}

    def look_at_grounded(self):
        """A source that meets ground on a line may do so only where it could harm nothing."""
        for column, name in self.grounded.items():
            terminal = self.terminals[name]
            if terminal.on and (terminal.live or not terminal.confirmed or terminal.limit > HARMLESS * SLACK):
                self.accuse(f"ground and {name} met on {self.line_at.get(column, column)}")

    # What cells see -------------------------------------------------------------------------------------------

    def look(self):
        """Judge every cell's voltage at this moment; once all are low again, count what was a pulse."""
        self.look_at_grounded()
        limits = self.file.limits
        if not any(terminal.live for terminal in self.terminals.values()):
            self.settle()
            return
        low, high, held = self.potentials()
        words, bits = slice(None, self.shape[0]), slice(self.shape[0], None)
        across = np.maximum(high[words, None] - low[None, bits], high[None, bits] - low[words, None])
        both = (
            held[words, None] & held[None, bits]
        )  # a pulse has two ends: no cell is pulsed by a floating line
        self.peak = np.maximum(self.peak, np.where(both, across, 0.0))
        if across.max() > limits.write_voltage * SLACK:
            self.accuse(f"a cell saw {across.max()} V")
        if np.count_nonzero(across > limits.half_select_voltage * SLACK) > 1:
            self.accuse(f"several cells saw more than {limits.half_select_voltage} V at once")
        for heater in self.heaters:
            held = self.held(Line(LineKind.BIT, heater))
            if held is not None and abs(held) > limits.heater_line_voltage * SLACK:
                self.accuse(f"bit line {heater} stood at {held} V with its heater connected")
        if across.max() <= limits.read_voltage * SLACK:
            self.settle()

    def settle(self):
        limits, peak = self.file.limits, self.peak
        if peak.max() > limits.read_voltage * SLACK:
            if self.is_share(peak):
                self.shares += 1
                self.peak = np.zeros(self.shape)
                return
            cell = Cell(*(int(each) for each in np.unravel_index(int(peak.argmax()), self.shape)))
            self.pulses[cell] = self.pulses.get(cell, 0) + 1
            budget = (self.belief or self.file).limits.cell_pulses
            if self.booked is not None and self.booked.get(cell, 0) + self.pulses[cell] > budget:
                self.accuse(f"cell {cell} was pulsed beyond its budget of {budget:g}")
        self.peak = np.zeros(self.shape)

    def is_share(self, peak):
        """Whether several saw the same and no more than bystanders may: the way up to a pulse that never came."""
        several = np.count_nonzero(peak >= peak.max() / SLACK) > 1
        return several and peak.max() <= self.file.limits.half_select_voltage * SLACK

    def potentials(self):
        """Lowest and highest V at which each line can stand, and whether something holds it; else it is anywhere
        between.
        """
        levels = [terminal.level for terminal in self.terminals.values() if terminal.on] + [0.0]
        held = [self.held_at(column) for column in self.columns]
        driven = [level for level in held if level is not None] or levels
        low = np.array([min(driven) if level is None else level for level in held])
        high = np.array([max(driven) if level is None else level for level in held])
        return low, high, np.array([level is not None for level in held])

    def held(self, line):
        return self.held_at(self.file.columns.get(line))

    def held_at(self, column):
        end = self.ends.get(column)
        if end is None:
            return None
        live = end != GROUND and self.terminals[end].on
        return self.terminals[end].level if live else 0.0

    # The end --------------------------------------------------------------------------------------------------

    def finish(self):
        """Compare what was seen with what the ledger says."""
        if self.booked is None:
            return
        surplus = 0
        books = told(self.belief)
        for cell in books.keys() | self.pulses.keys():
            seen, booked = self.pulses.get(cell, 0), books.get(cell, 0) - self.booked.get(cell, 0)
            surplus += max(booked - seen, 0)
            if booked < seen:
                self.accuse(f"cell {cell} took {seen} pulses, the ledger tells of {booked}")
        if self.shares > surplus:
            self.accuse(f"the array took its share of {self.shares} pulses, the ledger tells of {surplus}")

    def made_safe(self):
        """The suite says that everything is safe now."""
        self.is_cold("made safe")

    def is_cold(self, when):
        for name, terminal in self.terminals.items():
            if terminal.on or terminal.level:
                state = "on" if terminal.on else "off"
                self.accuse(f"{when} with {name} {state} at {terminal.level} V")
        if self.closed or self.heaters:
            self.accuse(f"{when} with {len(self.closed)} crosspoints and {len(self.heaters)} heaters closed")

    def accuse(self, what):
        if what not in self.violations:
            self.violations.append(what)


def told(belief):
    """Pulses of each cell that the ledgers of a bench tell of, all devices of a wafer together."""
    pulses = {}
    for books in read_all_books(belief).values():
        for cell, dose in books.cells.items():
            pulses[cell] = pulses.get(cell, 0) + dose.pulses
    return pulses
