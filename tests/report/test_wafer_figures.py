"""Wafer maps name the right dies whichever way they are drawn; boxes and colours are those of the values."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from labctl.report.wafer.bin_figures import bin_map
from labctl.report.wafer.box_figures import boxes
from labctl.report.wafer.campaign import read_campaign
from labctl.report.wafer.measured import named
from labctl.report.wafer.page import Results, results
from labctl.report.wafer.placing import State, marks
from labctl.report.wafer.value_figures import colour_scale, die_numbers, value_maps
from labctl.wafer.geometry import Die
from tests.report.campaigning import BROKEN, NO_CONTACT, plan_of, write_campaign


def drawn_names(axes: Axes) -> dict[tuple[int, int], tuple[str, str]]:
    """Texts in the dies by their place in whole mm: name, bin."""
    found = {}
    for text in axes.texts:
        name, _, below = text.get_text().partition("\n")
        if re.fullmatch(r"-?\d+,-?\d+", name):
            x, y = text.get_position()
            found[round(float(x)), round(float(y))] = (name, below)
    return found


@pytest.mark.parametrize("notch", [270, 0])
@pytest.mark.parametrize(
    ("x_to", "y_to"), [("right", "up"), ("left", "up"), ("right", "down"), ("left", "down")]
)
def test_turning_the_picture_never_renames_a_die(tmp_path: Path, notch: int, x_to: str, y_to: str) -> None:
    plan = plan_of(notch=notch, x_to=x_to, y_to=y_to)
    write_campaign(tmp_path, plan, records=False)
    campaign = read_campaign(tmp_path)
    bins = {end.die: end.bin for end in campaign.dies}
    axes = bin_map(campaign).axes[0]
    drawn = drawn_names(axes)
    signs = (1 if x_to == "right" else -1, 1 if y_to == "up" else -1)
    assert len(drawn) == sum(mark.state is not State.ABSENT for mark in marks(campaign))
    for (x, y), (name, below) in drawn.items():
        die = Die(*(int(each) for each in name.split(",")))
        assert (x, y) == (signs[0] * die.x * 10, signs[1] * die.y * 8)
        assert below == ("" if bins.get(die) is None else f"bin {bins[die]}")
    for ticks, labels, sign, pitch in (
        (axes.get_xticks(), axes.get_xticklabels(), signs[0], 10),
        (axes.get_yticks(), axes.get_yticklabels(), signs[1], 8),
    ):
        for place, label in zip(ticks, labels, strict=True):
            assert sign * int(label.get_text()) * pitch == pytest.approx(place)
    assert axes.get_xlabel() == ("die x  →" if x_to == "right" else "←  die x")
    assert axes.get_ylabel() == ("die y  →" if y_to == "up" else "←  die y")
    (word,) = (text for text in axes.texts if text.get_text() == "notch")
    assert word.xy == pytest.approx((50.0, 0.0) if notch == 0 else (0.0, -50.0), abs=1e-9)


def test_the_numbers_on_a_turned_map_stand_at_their_dies(tmp_path: Path) -> None:
    write_campaign(tmp_path, plan_of(x_to="left", y_to="down"), records=False)
    found = results(tmp_path)
    (voltage,) = named(found.series, "forming_voltage")
    axes = value_maps(found.campaign, [voltage]).axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    for die, number in die_numbers(voltage).items():
        assert written[die.x * -10.0, die.y * -8.0] == f"{number:.2f}"


def test_what_became_of_a_die_is_told_by_its_state(found: Results) -> None:
    states = {mark.die: mark.state for mark in marks(found.campaign)}
    plan = found.campaign.plan
    assert states[NO_CONTACT] is State.TESTED
    assert states[BROKEN] is State.UNSORTED
    assert [states[die] for die in plan.dies[-2:]] == [State.WAITING] * 2
    assert states[Die(1, 1)] is State.SKIPPED
    assert states[Die(4, 4)] is State.ABSENT
    assert Counter(states.values())[State.TESTED] == len(plan.dies) - 3
    texts = [text.get_text() for text in bin_map(found.campaign).axes[0].get_legend().get_texts()]
    assert any(text == f"{State.WAITING.value} (2)" for text in texts)


def test_colours_span_the_dies_but_not_an_outlier() -> None:
    ordinary = np.linspace(1.0, 2.0, 40)
    scale, extend = colour_scale(np.append(ordinary, 900.0), is_share=False)
    assert scale.norm.vmax == pytest.approx(2.0)
    assert extend == "both"
    few, extend = colour_scale(np.array([1.0, 5.0]), is_share=False)
    assert (few.norm.vmin, few.norm.vmax, extend) == (1.0, 5.0, "neither")
    wide, _ = colour_scale(np.geomspace(1e3, 1e7, 40), is_share=False)
    assert type(wide.norm).__name__ == "LogNorm"
    shares, _ = colour_scale(np.full(12, 100.0), is_share=True)
    assert (shares.norm.vmin, shares.norm.vmax) == (0.0, 100.0)


def test_boxes_stand_in_the_order_of_testing_with_their_counts(found: Results) -> None:
    (voltage,) = named(found.series, "forming_voltage")
    (axes,) = boxes(found.campaign, voltage).axes
    labels = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    order = [end.die for end in found.campaign.dies if end.die in set(voltage.dies)]
    assert [name for name, _ in labels] == [f"{die.x},{die.y}" for die in order]
    assert [int(count) for _, count in labels] == [int(voltage.on(die).sum()) for die in order]
    marked = sum(int(text.get_text()) for text in axes.texts)
    assert marked == int(voltage.censored.sum())
