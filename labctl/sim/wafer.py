"""The wafer on the virtual chuck: which device lies where, each made alone and kept in a file of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import dist, hypot
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from labctl.benchfile import BenchFile
from labctl.core.lines import Line, LineKind
from labctl.core.paths import device_name, find_preset
from labctl.physics.cbram import CbramPreset
from labctl.physics.die import Die
from labctl.physics.noise import Streams
from labctl.physics.presets import load_preset
from labctl.physics.vo2 import Vo2Preset
from labctl.physics.wafer_statistics import (
    ONE_CELL,
    ArrayFaults,
    DieFate,
    Trend,
    WaferSpread,
    die_streams,
    fate_of,
    faults_of,
    lost_pads,
    make_array,
    make_resistor,
)
from labctl.sim.kept import KeptDie
from labctl.sim.wiring import Pads
from labctl.virtualmodel import VirtualSubsite, VirtualWafer

REACH = 20e-6
"""m; probes that stand farther from a subsite than this miss its pads."""
OHMIC = 10.0
"""V; a cell of this voltage scale in its sinh law is a resistor for all that is applied here."""


class Site(NamedTuple):
    """One place on a wafer that has a device: the die, and the name of the subsite."""

    x: int
    y: int
    subsite: str


class Device(KeptDie):
    """One device of a wafer, and what the probes touch of it."""

    def __init__(self, site: Site, die: Die, pads: Pads, path: Path) -> None:
        """`die` at `site` as it was left, or a new one; LabError when its file at `path` is damaged."""
        super().__init__(die, path)
        self.site, self.pads = site, pads


class Wafer:
    """Every device of one virtual wafer. Nothing of it is in memory but the device that is asked for."""

    def __init__(self, file: BenchFile, folder: Path) -> None:
        """The wafer of a bench file's section [virtual.wafer]; its devices are kept in `folder`."""
        assert file.virtual is not None
        assert file.virtual.wafer is not None
        self._file, self._folder, self._seed = file, folder, file.virtual.seed
        self._plan: VirtualWafer = file.virtual.wafer
        self._cells = load_preset(CbramPreset, find_preset(file.virtual.cells))
        self._neurons = load_preset(Vo2Preset, find_preset(file.virtual.neurons))
        self._spread = _spread(self._plan)

    @property
    def pitch(self) -> tuple[float, float]:
        """m; size of a die along the prober's axes."""
        return self._plan.die_size

    @property
    def subsites(self) -> tuple[tuple[float, float], ...]:
        """m; places on a die, from its reference point."""
        return tuple(subsite.offset for subsite in self._plan.subsites.values())

    @cached_property
    def dies(self) -> tuple[tuple[int, int], ...]:
        """Every die that lies on the wafer as a whole, row after row to and fro, as the prober steps."""
        (width, height), radius = self.pitch, self._plan.diameter / 2
        across, up = (int(radius / size) + 2 for size in self.pitch)
        rows: list[list[tuple[int, int]]] = []
        for y in range(-up, up + 1):
            row = [
                (x, y)
                for x in range(-across, across + 1)
                if _corner(self.centre(x, y), width, height) <= radius * (1.0 + 1e-9)
            ]
            rows.append(row if len(rows) % 2 == 0 else row[::-1])
        return tuple(die for row in rows for die in row)

    def centre(self, x: int, y: int) -> tuple[float, float]:
        """Place of die (x, y): m from the wafer's centre to its own, along the prober's axes."""
        offset = self._plan.reference_offset
        return offset[0] + x * self.pitch[0], offset[1] + y * self.pitch[1]

    def under(self, x: float, y: float) -> Site | None:
        """What lies x, y m from the reference point of die (0, 0); None where there are no pads."""
        die = round(x / self.pitch[0]), round(y / self.pitch[1])
        if die not in self.dies:
            return None
        offset = x - die[0] * self.pitch[0], y - die[1] * self.pitch[1]
        for name, subsite in self._plan.subsites.items():
            if dist(offset, subsite.offset) <= REACH:
                return Site(*die, name)
        return None

    def fate(self, x: int, y: int) -> DieFate:
        """What became of die (x, y): the truth, for tests and for judging a measurement."""
        radius = self._plan.diameter / 2
        centre = self.centre(x, y)
        return fate_of(self._spread, self._seed, (x, y), (centre[0] / radius, centre[1] / radius))

    def faults(self, site: Site) -> ArrayFaults:
        """What is broken in the array at `site`: the truth, as `fate`."""
        shape = self._file.array.word_lines, self._file.array.bit_lines
        return faults_of(self._spread, self._streams(site), shape)

    def device(self, site: Site) -> Device:
        """The device at `site` as it was left, or a new one; LabError when its file is damaged."""
        subsite = self._plan.subsites[site.subsite]
        streams, fate = self._streams(site), self.fate(site.x, site.y)
        die = self._made(subsite, site, streams, fate)
        path = self._folder / f"{device_name(site.x, site.y, *subsite.offset)}.device"
        return Device(site, die, self._pads(subsite, site, streams, fate), path)

    def nothing(self) -> Die:
        """What stands in for a device while no probe touches one."""
        return make_resistor(1e-12, self._neurons, self._cells, Streams(self._seed, "no device"))

    def _streams(self, site: Site) -> Streams:
        return die_streams(self._seed, site.x, site.y, site.subsite)

    def _made(self, subsite: VirtualSubsite, site: Site, streams: Streams, fate: DieFate) -> Die:
        if subsite.kind == "monitor":
            cells = replace(self._cells, formed_v0=OHMIC, read_noise=0.0)
            return make_resistor(1.0 / subsite.resistance, self._neurons, cells, streams)
        if subsite.kind == "cell":
            faults = faults_of(replace(self._spread, broken_lines=0.0), streams, (1, 1))
            return make_array(ONE_CELL, self._cells, self._neurons, streams, fate, faults)
        return make_array(self._file.array, self._cells, self._neurons, streams, fate, self.faults(site))

    def _pads(self, subsite: VirtualSubsite, site: Site, streams: Streams, fate: DieFate) -> Pads:
        """What the probes touch: nearly every pad, or few on a die that they do not sit on."""
        lines, heaters = [Line(LineKind.BIT, 0), Line(LineKind.WORD, 0)], 0
        broken: set[Line] = set()
        if subsite.kind == "array":
            heaters = self._file.array.bit_lines
            lines = [
                line
                for kind in (LineKind.BIT, LineKind.WORD, LineKind.NEURON)
                for line in self._file.lines(kind)
            ]
            faults = self.faults(site)
            broken = {Line(LineKind.WORD, int(line)) for line in np.flatnonzero(faults.word_break == 0)}
            broken |= {Line(LineKind.BIT, int(line)) for line in np.flatnonzero(faults.bit_break == 0)}
        ohm = self._plan.probe_resistance * streams.lognormal(
            "probe resistance", self._plan.probe_spread, np.arange(len(lines))
        )
        lost = np.zeros(len(lines), dtype=bool) if fate.touches else lost_pads(streams, len(lines))
        return Pads(
            {
                line: float(each)
                for line, each, gone in zip(lines, ohm, lost, strict=True)
                if not gone and line not in broken
            },
            frozenset(range(heaters)),
        )


def _spread(plan: VirtualWafer) -> WaferSpread:
    trends: dict[str, Any] = {name: Trend(**values) for name, values in plan.trends.model_dump().items()}
    return WaferSpread(**trends, **plan.defects.model_dump())


def _corner(centre: tuple[float, float], width: float, height: float) -> float:
    return hypot(abs(centre[0]) + width / 2, abs(centre[1]) + height / 2)
