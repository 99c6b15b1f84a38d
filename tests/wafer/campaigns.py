"""A campaign on a bench without instruments, and what is looked at of it."""

from __future__ import annotations

import json

import pandas as pd

from labctl.run.interrupts import Interrupts
from labctl.wafer.campaign import Campaign
from labctl.wafer.campaignfile import CampaignFile
from labctl.wafer.geometry import Die
from labctl.wafer.plan import read_plan
from labctl.wafer.sequence import BoundPlan
from procedures import catalogue
from tests.wafer.fakes import FakeWaferBench
from tests.wafer.pieces import CONTACT, bins, forming, limit, plan_text, programming, subsite
from tests.wafer.plans import SOURCE

CHOSEN = "0,0 1,2"
TEXT = plan_text(
    "campaign",
    "[[0, 1], [1, 1], [0, 0], [1, 0], [-2, -1]]",
    subsite("array", 'words = "0-3"', 'bits = "0-2"'),
    CONTACT,
    forming(CHOSEN),
    programming(CHOSEN, 'target = "60u"', "form"),
    bins(1, 3, 4, 9),
    limit("form", "formed", 0.6, 3),
    limit("program", "verified", 0.6, 4),
)
PATH = [Die(0, 1), Die(1, 1), Die(1, 0), Die(0, 0), Die(-2, -1)]
"""The dies of the plan in the order of the serpentine."""


def plan_of(text=TEXT, **stop):
    rules = "".join(f"{name} = {count}\n" for name, count in stop.items())
    return read_plan(f"{text}[stop]\n{rules}" if rules else text, SOURCE)


class Told:
    """What is told at the end of each die."""

    def __init__(self):
        self.dies = []

    def __call__(self, report, finished, of):
        self.dies.append((report.die, finished, of))


def go(out, bench=None, plan=None, *, resume=False, observers=(), told=None):
    """Test the wafer on a bench without instruments; how it ended."""
    bench, plan = bench or FakeWaferBench(), plan or plan_of()
    start = CampaignFile.go_on if resume else CampaignFile.begin
    file = start(out, plan, bench.file)
    with Interrupts() as interrupts:
        return Campaign(
            file, BoundPlan(plan, catalogue.find), bench, observers, interrupts, told or Told()
        ).test_all()


def campaign(out):
    return json.loads((out / "campaign.json").read_text(encoding="utf-8"))


def results(out):
    return pd.read_csv(out / "results.csv")


def die_of(found, die):
    (entry,) = [each for each in found["dies"] if (each["x"], each["y"]) == die]
    return entry


def visited(bench):
    return [Die(*map(int, move.split()[1:])) for move in bench.moves if move.startswith("die")]
