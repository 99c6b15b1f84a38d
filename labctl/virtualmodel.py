"""The [virtual] section of a bench TOML: what the simulated sample is made of, a whole wafer of it included."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from labctl.benchmodel import Section, in_unit, whole
from labctl.core.lines import Line, LineKind

Share = Annotated[float, in_unit("1", 0.0, 1.0)]
Trend = Annotated[float, in_unit("1", -0.9, 0.9)]
Length = Annotated[float, in_unit("m", -1.0, 1.0)]


def _pair(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError('must be two lengths, along x and along y, for example ["8 mm", "8 mm"]')
    return tuple(value)


def _shorts(value: object) -> object:
    if isinstance(value, dict):
        for text in (*value.keys(), *value.values()):
            read_line(text)
    return value


def read_line(text: object) -> Line:
    """A line of the device out of `word 3`; raises ValueError."""
    kind, _, index = str(text).partition(" ")
    if kind not in {each.value for each in LineKind} or not index.isdecimal():
        raise ValueError(f"'{text}' is no line, write for example \"word 3\"")
    return Line(LineKind(kind), int(index))


def _one_of(*allowed: str) -> BeforeValidator:
    def read(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"'{value}' is not known (there are: {', '.join(allowed)})")
        return str(value)

    return BeforeValidator(read)


class VirtualSubsite(Section):
    """What lies at one place of every die, `offset` from its reference point along the prober's axes.

    array: the whole array with its neurons. cell: one cell between word line 0 and bit line 0.
    monitor: a resistor between the same two.
    """

    kind: Annotated[str, _one_of("array", "cell", "monitor")]
    offset: Annotated[tuple[Length, Length], BeforeValidator(_pair)] = (0.0, 0.0)
    resistance: Annotated[float, in_unit("ohm", 1.0, 1e9)] = 1e3


class VirtualDefects(Section):
    """How often things are wrong; a share of all dies, cells, lines or neurons. Generic, assumed."""

    dead_dies: Share = 0.0
    bad_contacts: Share = 0.0
    open_cells: Share = 0.0
    shorted_cells: Share = 0.0
    stuck_cells: Share = 0.0
    broken_lines: Share = 0.0
    dead_neurons: Share = 0.0


class VirtualTrend(Section):
    """Relative change of a constant over the wafer.

    radial: from centre to edge, with the square of the radius. gradient: from centre to edge towards `direction`
    (degrees, from the prober's x towards its y). spread: standard deviation from die to die.
    """

    radial: Trend = 0.0
    gradient: Trend = 0.0
    direction: Annotated[float, in_unit("1", -360.0, 360.0)] = 0.0
    spread: Annotated[float, in_unit("1", 0.0, 0.5)] = 0.0


class VirtualTrends(Section):
    """Trends of what varies over the wafer: voltages and conductances of cells, heat resistance of neurons."""

    forming_voltage: VirtualTrend = VirtualTrend()
    conductance_span: VirtualTrend = VirtualTrend()
    switching_threshold: VirtualTrend = VirtualTrend()
    neuron_threshold: VirtualTrend = VirtualTrend()


class VirtualWafer(Section):
    """A wafer under the probes of the virtual prober, in place of one die that is bonded for good.

    die_size is the pitch, reference_offset leads from the wafer's centre to the reference point (the centre) of die
    (0, 0), along the prober's axes; the prober's map holds every die that lies on the wafer as a whole.
    probe_resistance: ohm of one probe on its pad, its median. probe_spread: standard deviation of its logarithm.
    """

    diameter: Annotated[float, in_unit("m", 1e-3, 1.0)]
    die_size: Annotated[tuple[Annotated[float, in_unit("m", 1e-6, 1.0)], Annotated[float, in_unit("m", 1e-6, 1.0)]],
                        BeforeValidator(_pair)]  # fmt: skip
    reference_offset: Annotated[tuple[Length, Length], BeforeValidator(_pair)] = (0.0, 0.0)
    probe_resistance: Annotated[float, in_unit("ohm", 0.0, 1e3)] = 1.0
    probe_spread: Annotated[float, in_unit("1", 0.0, 2.0)] = 0.3
    subsites: Annotated[dict[str, VirtualSubsite], Field(min_length=1)]
    defects: VirtualDefects = VirtualDefects()
    trends: VirtualTrends = VirtualTrends()

    @model_validator(mode="after")
    def _apart(self) -> VirtualWafer:
        places: dict[tuple[float, float], str] = {}
        for name, subsite in self.subsites.items():
            other = places.setdefault(subsite.offset, name)
            if other != name:
                raise ValueError(f"the subsites {other} and {name} lie at the same place")
        return self


class VirtualFaults(Section):
    """What is wrong with the simulated wires and is in no drawing of them; for trying what finds it.

    shorts: pairs of lines that touch, `"word 3" = "word 4"`.
    heaters_connected: those whose isolation relay never opens.
    dead_crosspoints: relays of the matrix that never close, `"B4"`.
    """

    shorts: Annotated[dict[str, str], BeforeValidator(_shorts)] = Field(default_factory=dict)
    short_resistance: Annotated[float, in_unit("ohm", 1e-3, 1e6)] = 5.0
    heaters_connected: tuple[Annotated[int, whole(0, 1023)], ...] = ()
    dead_crosspoints: tuple[Annotated[str, Field(pattern=r"^[A-H][1-9]\d{0,2}$")], ...] = ()


class Virtual(Section):
    """The simulated sample and its bench: presets, seed, sample file, parasitics."""

    cells: str = "generic_ag_cbram"
    neurons: str = "generic_vo2"
    seed: Annotated[int, whole(0, 2**63 - 1)] = 0
    sample: str
    contact_resistance: Annotated[float, in_unit("ohm", 1e-3, 1e3)] = 1.0
    line_capacitance: Annotated[float, in_unit("F", 0.0, 1e-7)] = 200e-12
    row_capacitance: Annotated[float, in_unit("F", 0.0, 1e-7)] = 300e-12
    bus_latency: Annotated[float, in_unit("s", 0.0, 1.0)] = 0.5e-3
    room_temperature: Annotated[float, in_unit("K", 250.0, 350.0)] = 296.0
    wafer: VirtualWafer | None = None
    faults: VirtualFaults = VirtualFaults()
