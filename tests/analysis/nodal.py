"""An independent solution of a crossbar read: the whole nodal matrix, dense, solved by numpy."""

import numpy as np
from numpy.typing import NDArray


def read_current(
    conductance: NDArray[np.float64],
    word: int,
    bit: int,
    *,
    segment: float,
    path: float,
    common: float = 0.0,
) -> float:
    """Current (A) into bit line `bit` at 0 V for 1 V on word line `word`, all other lines at ground.

    Word lines are contacted at bit 0, bit lines at the last word line, each through path + segment ohm;
    `common` ohm lie between all unselected lines together and ground.
    """
    words, bits = conductance.shape
    count = words * bits
    ground = 2 * count  # the node where unselected lines meet
    matrix = np.zeros((ground + 1, ground + 1))
    drive = np.zeros(ground + 1)

    def resistor(first: int, second: int, siemens: float) -> None:
        matrix[[first, second], [first, second]] += siemens
        matrix[first, second] -= siemens
        matrix[second, first] -= siemens

    def w(i: int, j: int) -> int:
        return i * bits + j

    def b(i: int, j: int) -> int:
        return count + i * bits + j

    for i in range(words):
        for j in range(bits):
            resistor(w(i, j), b(i, j), float(conductance[i, j]))
            if j:
                resistor(w(i, j - 1), w(i, j), 1.0 / segment)
            if i:
                resistor(b(i - 1, j), b(i, j), 1.0 / segment)
    contact = 1.0 / (path + segment)
    for i in range(words):
        if i == word:
            matrix[w(i, 0), w(i, 0)] += contact
            drive[w(i, 0)] += contact
        else:
            resistor(w(i, 0), ground, contact)
    for j in range(bits):
        if j == bit:
            matrix[b(words - 1, j), b(words - 1, j)] += contact
        else:
            resistor(b(words - 1, j), ground, contact)
    matrix[ground, ground] += 1.0 / common if common else 1e12
    potential = np.linalg.solve(matrix, drive)
    return float(contact * potential[b(words - 1, bit)])


def apparent_map(
    conductance: NDArray[np.float64], *, segment: float, path: float, common: float = 0.0
) -> NDArray[np.float64]:
    """What a read of every cell says, S."""
    return np.array(
        [
            [
                read_current(conductance, word, bit, segment=segment, path=path, common=common)
                for bit in range(conductance.shape[1])
            ]
            for word in range(conductance.shape[0])
        ]
    )
