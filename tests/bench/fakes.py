"""Instruments that write down, in one log, what they are told, and a judge that watches every relay and every cell."""

import itertools

import numpy as np

from labctl.core.capabilities import Sample
from labctl.core.errors import LinkLost, NotConfirmed
from labctl.core.lines import LineKind
from labctl.core.route import GROUND


class World:
    """What is true at every moment: levels, outputs, closed relays, and the largest voltage each cell has seen."""

    def __init__(self, bench):
        self.bench = bench
        self.log = []
        self.levels = {f"smu{n}.{c}": 0.0 for n, c in itertools.product((1, 2, 3), "ab")}
        self.on = dict.fromkeys(self.levels, False)
        self.closed, self.heaters = set(), set()
        self.seen = np.zeros((bench.array.word_lines, bench.array.bit_lines))
        self.silent = set()
        self.leakage = 0.0
        self.mainframes = {f"smu{n}": Mainframe(self, f"smu{n}") for n in (1, 2, 3)}
        self.matrix = Matrix(self)

    def set(self, terminal, level):
        if terminal.split(".")[0] in self.silent:
            raise LinkLost(f"{terminal} does not answer")
        self.levels[terminal] = level
        self.look()

    def look(self):
        """Every cell's voltage now; a line without a source is taken at 0 V."""
        volts = {}
        for row, column in self.closed:
            terminal = self.bench.row(row).terminal
            live = terminal != GROUND and self.on[terminal]
            volts[column] = self.levels[terminal] if live else 0.0
        columns = self.bench.columns
        words = np.array([volts.get(columns[line], 0.0) for line in self.bench.lines(LineKind.WORD)])
        bits = np.array([volts.get(columns[line], 0.0) for line in self.bench.lines(LineKind.BIT)])
        self.seen = np.maximum(self.seen, np.abs(words[:, None] - bits[None, :]))

    def hot(self, row):
        terminal = self.bench.row(row).terminal
        return terminal != GROUND and self.on[terminal] and abs(self.levels[terminal]) > 10e-3


class Channel:
    def __init__(self, world, terminal):
        self.world, self.terminal, self.prepared = world, terminal, None
        self.refuse = False
        self.readings = itertools.repeat(Sample(0.0, False))

    @property
    def ordered_level(self):
        return self.world.levels[self.terminal]

    def prepare(self, **settings):
        self.world.log.append(("prepare", self.terminal))
        assert not self.world.on[self.terminal], "prepared with the output on"
        self.world.set(self.terminal, 0.0)
        if self.refuse:
            raise NotConfirmed(f"{self.terminal}: compliance is not confirmed")
        self.prepared = settings

    def set_output(self, on):
        self.world.log.append(("on" if on else "off", self.terminal))
        if self.terminal.split(".")[0] in self.world.silent:
            raise LinkLost(f"{self.terminal} does not answer")
        if on:
            assert self.prepared, "switched on before its compliance was confirmed"
            assert self.world.levels[self.terminal] == 0.0, "switched on at a level"
        else:
            self.world.set(self.terminal, 0.0)
        self.world.on[self.terminal] = on

    def set_level(self, voltage):
        self.world.log.append(("level", self.terminal, voltage))
        self.world.set(self.terminal, voltage)

    def source_and_sample(self, voltage):
        self.set_level(voltage)
        return next(self.readings)

    def sample(self):
        self.world.log.append(("sample", self.terminal))
        return next(self.readings)

    def visit(self, voltage):
        sample = self.source_and_sample(voltage)
        self.set_level(0.0)
        return sample

    def residue(self):
        on = self.world.on[self.terminal]
        return (self.world.levels[self.terminal], self.world.leakage) if on else (0.0, 0.0)


class Mainframe:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.channels = {letter: Channel(world, f"{name}.{letter}") for letter in "ab"}

    def set_levels(self, levels):
        for letter, level in levels.items():
            self.channels[letter].set_level(level)

    def pulse(self, levels, width, rest=None, spacing=0.0):
        self.world.log.append(("pulse", self.name, tuple(levels), width))
        for letter, level in levels.items():
            self.world.set(f"{self.name}.{letter}", level)
        for letter in reversed(list(levels)):
            self.world.set(f"{self.name}.{letter}", (rest or {}).get(letter, 0.0))

    def write_digital(self, line, high):
        self.world.log.append(("heater", line - 1, high))
        assert not any(self.world.hot(row) for row, _ in self.world.closed), "an isolation relay moved hot"
        (self.world.heaters.add if high else self.world.heaters.discard)(line - 1)

    def read_digital(self, line):
        return line - 1 in self.world.heaters


class Matrix:
    def __init__(self, world):
        self.world = world

    def closed(self):
        return frozenset(self.world.closed)

    def _move(self, verb, crosspoints):
        moved = frozenset(crosspoints)
        if moved:
            self.world.log.append((verb, moved))
        assert not [row for row, _ in moved if self.world.hot(row)], "a relay moved hot"
        return moved

    def change(self, opening, closing):
        self.world.closed -= self._move("open", opening)
        self.world.closed |= self._move("close", closing)

    def open_all(self):
        self.world.closed.clear()
