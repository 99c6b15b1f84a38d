"""What is read out of the record of a die: the story of single cells, the transfer curves of its neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labctl.analysis.summary import Visit, visits
from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.record.columns import BENCH_TIME
from labctl.record.reading import Run, Table, read_run
from labctl.report.array import Story
from labctl.report.neurons import Curve, curves
from labctl.report.parts import between
from labctl.report.wafer.campaign import Campaign, DieEnd
from labctl.report.wafer.measured import Series, named
from labctl.wafer.geometry import Die
from labctl.wafer.tests_on_die import TestEnd


def read_die(campaign: Campaign, end: DieEnd) -> Run | None:
    """The record of a die; None when it has none that can be read (it failed before its first row)."""
    if not end.folder:
        return None
    try:
        return read_run(campaign.folder / end.folder)
    except RecordError:
        return None


def stories(campaign: Campaign, series: Sequence[Series]) -> tuple[Story, ...]:
    """Program-verify of three cells of the wafer: an easy one, a typical one, the hardest, by the pulses they took."""
    for pulses in sorted(named(series, "pulses"), key=lambda each: -len(each.values)):
        found = [_story(campaign, pulses, series, name, place) for name, place in _tellers(pulses, series)]
        if any(found):
            return tuple(story for story in found if story is not None)
    return ()


def transfer_curves(campaign: Campaign) -> dict[Die, tuple[Curve, ...]]:
    """The last transfer curve of every neuron of every die that has any."""
    found = {}
    for end in campaign.dies:
        run = read_die(campaign, end)
        if run is not None and "TransferPoint" in run.tables:
            found[end.die] = curves(run)
    return found


def during(run: Run, kind: str, subsite: str, test: str) -> Table | None:
    """The rows of one kind that were recorded while `test` ran at `subsite`, its last repetition."""
    table, ends = run.tables.get(kind), run.tables.get(TestEnd.__name__)
    if table is None or ends is None or not len(ends):
        return None
    columns = ends.columns
    mine = np.flatnonzero((columns["subsite"] == subsite) & (columns["test"] == test))
    if not len(mine):
        return None
    times = columns[BENCH_TIME]
    last = int(mine[-1])
    return between(table, float(times[last - 1]) if last else -np.inf, float(times[last]))


def _tellers(pulses: Series, series: Sequence[Series]) -> list[tuple[str, int]]:
    """What a cell is an example of, and its place in the series."""
    if not len(pulses.values):
        return []
    verified = _verified(pulses, series)
    order = np.lexsort((np.arange(len(pulses.values)), pulses.values, ~verified))
    if len(order) < 3:
        return [("cell", int(order[0]))]
    good = order[: max(int(verified.sum()), 2)]
    hardest = "hardest" if verified[order[-1]] else "not verified"
    return [
        ("easy", int(good[len(good) // 10])),
        ("typical", int(good[len(good) // 2])),
        (hardest, int(order[-1])),
    ]


def _verified(pulses: Series, series: Sequence[Series]) -> np.ndarray:
    good = {
        device
        for each in named(series, "verified")
        if (each.subsite, each.test) == (pulses.subsite, pulses.test)
        for device, flag in zip(each.devices, each.values, strict=True)
        if flag
    }
    return np.array([device in good for device in pulses.devices], dtype=np.bool_)


def _story(
    campaign: Campaign, pulses: Series, series: Sequence[Series], name: str, place: int
) -> Story | None:
    die, cell = pulses.devices[place]
    end = campaign.die(die)
    run = None if end is None else read_die(campaign, end)
    reads = None if run is None else during(run, "VerifyRead", pulses.subsite, pulses.test)
    if reads is None:
        return None
    mine = [each for each in visits(reads.columns) if each.cell == cell]
    if not mine:
        return None
    same = [each for each in mine if np.isclose(each.target, mine[-1].target, rtol=1e-9)]
    story = _told(same, f"{name}, die {die}")
    return replace(story, verified=bool(_verified(pulses, series)[place]))


def _told(same: Sequence[Visit], name: str) -> Story:
    """Several visits of a cell with one target, one after another."""
    first = same[-1]
    pulsed = [np.diff(each.pulses, prepend=0) > 0 for each in same]
    amplitudes = [np.where(some, each.amplitude, 0.0) for some, each in zip(pulsed, same, strict=True)]
    return Story(
        cell=Cell(first.cell.word, first.cell.bit),
        name=name,
        verified=False,
        target=first.target,
        low=first.low,
        high=first.high,
        conductance=np.concatenate([each.conductance for each in same]),
        amplitude=np.concatenate(amplitudes),
    )
