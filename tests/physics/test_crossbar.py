"""Laws that every solved crossbar must obey."""

import numpy as np
import pytest

from labctl.physics.crossbar import Border, Crossbar, Field, Terminals, solve_lines

WORDS, BITS = 12, 5
RNG = np.random.default_rng(5)
G = np.exp(RNG.uniform(np.log(1e-9), np.log(1e-3), (WORDS, BITS)))
WIRES = Crossbar(WORDS, BITS, 2.0, 3.0)


def driven(word: np.ndarray, bit: np.ndarray, v0: float = 0.3) -> tuple[Field, Terminals]:
    terminals = Terminals(np.full(WORDS, 0.4), word, np.full(BITS, 0.2), bit)
    return WIRES.solve(G, np.full(G.shape, 1.0 / v0), terminals, accuracy=1e-12), terminals


def test_kirchhoff_and_power_balance() -> None:
    word, bit = RNG.uniform(-1, 1, WORDS), RNG.uniform(-1, 1, BITS)
    field, t = driven(word, bit)
    into = t.left_conductance * (word - field.word[:, 0])
    out = t.bottom_conductance * (field.bit[-1] - bit)
    scale = np.abs(into).max()
    assert np.abs(into - field.current.sum(axis=1)).max() < 1e-9 * scale
    assert np.abs(out - field.current.sum(axis=0)).max() < 1e-9 * scale
    wires = (np.diff(field.word, axis=1) ** 2 / 2.0).sum() + (np.diff(field.bit, axis=0) ** 2 / 3.0).sum()
    spent = (field.cell_voltage * field.current).sum() + wires
    delivered = (into * field.word[:, 0]).sum() - (out * field.bit[-1]).sum()
    assert spent == pytest.approx(delivered, rel=1e-9)


def test_superposition_and_reciprocity_of_resistors() -> None:
    def current(word: np.ndarray, bit: np.ndarray) -> np.ndarray:
        found = solve_lines(
            G, word, bit, segment_resistance=2.0, word_resistance=1.0, bit_resistance=1.0, accuracy=1e-13
        )
        return np.concatenate((found.word_current, -found.bit_current))

    unit = np.eye(WORDS + BITS)
    answers = np.array([current(u[:WORDS], u[WORDS:]) for u in unit])
    assert np.abs(answers - answers.T).max() < 1e-10 * np.abs(answers).max()
    some = RNG.normal(size=WORDS + BITS)
    assert (
        np.abs(current(some[:WORDS], some[WORDS:]) - some @ answers).max()
        < 1e-9 * np.abs(some @ answers).max()
    )


def test_ideal_wires_give_the_sum_and_real_ones_less() -> None:
    g, word = np.full((40, 8), 1e-4), np.full(40, 0.1)
    sums = [
        solve_lines(
            g, word, np.zeros(8), segment_resistance=ohm, word_resistance=0.0, bit_resistance=0.0
        ).bit_current
        for ohm in (0.0, 2.0, 20.0)
    ]
    assert sums[0] == pytest.approx(40 * 1e-5, rel=1e-6)
    assert np.all(sums[1] < 0.95 * sums[0])
    assert np.all(sums[2] < 0.7 * sums[0])


def test_outside_node_equals_the_same_node_held_at_its_potential() -> None:
    """One node of unknown potential on three word lines, fed through 20 kohm, against Kirchhoff at that node."""
    coupling = np.zeros((WORDS, 1))
    coupling[[1, 4, 7], 0] = 0.3
    matrix = np.array([[0.9 + 1 / 20e3]])
    border = Border(coupling, np.zeros((BITS, 1)), matrix, np.array([1.0 / 20e3]))
    left = np.full(WORDS, 0.3)
    left[[1, 4, 7, 9]] = 0.0  # word 9 floats
    t = Terminals(left, np.zeros(WORDS), np.full(BITS, 0.2), np.zeros(BITS))
    field = WIRES.solve(G, np.full(G.shape, 2.0), t, border, accuracy=1e-12)
    node = field.outside[0]
    through = (1.0 - node) / 20e3
    assert through == pytest.approx(field.current[[1, 4, 7]].sum(), rel=1e-9)
    assert abs(field.current[9].sum()) < 1e-9 * abs(through)


@pytest.mark.parametrize("spread", [(1e-9, 1e-3), (1e-9, 1e-9), (1e-6, 1.0)])
def test_extremes_converge(spread: tuple[float, float]) -> None:
    g = np.exp(np.random.default_rng(1).uniform(np.log(spread[0]), np.log(spread[1]), (56, 8)))
    word, ohm = np.zeros(56), np.full(56, np.inf)
    word[3], ohm[3] = 2.0, 20e3
    bit_ohm = np.full(8, np.inf)
    bit_ohm[2] = 1.0
    found = solve_lines(
        g, word, np.zeros(8), segment_resistance=2.0, word_resistance=ohm, bit_resistance=bit_ohm, v0=0.2
    )
    assert found.word_current[3] == pytest.approx(found.bit_current[2], rel=1e-6)
    others = np.delete(found.word_current, 3)
    assert np.abs(others).max() < 1e-7 * found.word_current[3]


def test_nothing_driven_is_nothing() -> None:
    found = solve_lines(G, 0.0, 0.0, segment_resistance=2.0, word_resistance=np.inf, bit_resistance=np.inf)
    assert not found.word_current.any()
    assert not found.cell_voltage.any()
