"""Yields count what was tested, with the intervals of the literature."""

from __future__ import annotations

import math

import pytest

from labctl.analysis.yields import Share, bin_counts, flag_yield, flag_yields, quality_yield


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_wilsons(good: int, of: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3."""
    assert Share(good, of).interval() == pytest.approx((low, high), abs=5e-5)


def test_a_yield_counts_pass_and_fail_only() -> None:
    found = quality_yield(["pass", "fail", "pass", "", "not tested", "pass", "skip"])
    assert (found.good, found.of, found.value) == (3, 4, 0.75)


def test_the_yield_of_a_published_map_comes_out() -> None:
    """artwork.com, TEL text map: 2669 pass, 680 fail, 1043 ink, yield 79.70 %."""
    found = quality_yield(["pass"] * 2669 + ["fail"] * 680 + ["ink"] * 1043)
    assert f"{100 * found.value:.2f}" == "79.70"


def test_nothing_tested_is_no_yield() -> None:
    found = quality_yield([])
    assert math.isnan(found.value)
    assert all(math.isnan(end) for end in found.interval())


def test_flags_are_counted_by_key_in_their_order() -> None:
    found = flag_yields(["b", "a", "b", "a", "b"], [1.0, 0.0, 1.0, 1.0, 0.0])
    assert list(found) == ["b", "a"]
    assert found == {"b": Share(2, 3), "a": Share(1, 2)}
    with pytest.raises(ValueError, match="0 or 1, not 0.5"):
        flag_yield([1.0, 0.5])


def test_bins_stand_in_the_order_of_pareto() -> None:
    bins = [(1, "pass", "pass")] * 5 + [(9, "no contact", "fail")] * 2 + [(3, "forming", "fail")] * 2
    found = bin_counts([*bins, (4, "neuron", "fail")])
    assert [(each.number, each.count) for each in found] == [(1, 5), (3, 2), (9, 2), (4, 1)]
    assert [each.cumulative for each in found] == pytest.approx([0.5, 0.7, 0.9, 1.0])
    assert bin_counts([]) == ()


def test_more_good_ones_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="3 good ones of 2"):
        Share(3, 2)
