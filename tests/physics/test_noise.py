"""Random streams have no memory."""

import numpy as np

from labctl.physics.noise import Streams


def test_a_number_depends_on_its_key_only() -> None:
    streams = Streams(7, 3)
    late = streams.normal("rate", [5, 2], [1, 9])
    streams.uniform("other", np.arange(100), 4)
    again = Streams(7, 3)
    assert again.normal("rate", 2, 9) == late[1]
    assert again.normal("rate", 5, 1) == late[0]
    assert np.array_equal(again.block("rate", 9, 10)[:3], again.normal("rate", [0, 1, 2], 9))


def test_each_part_of_the_key_counts() -> None:
    def value(seed: int = 1, die: int = 0, quantity: str = "a", device: int = 0, event: int = 0) -> float:
        return float(Streams(seed, die).normal(quantity, device, event))

    values = [value(), value(seed=2), value(die=1), value(quantity="b"), value(device=1), value(event=1)]
    assert len(set(values)) == len(values)


def test_moments() -> None:
    sample = Streams(1, 0).normal("x", np.arange(20000))
    assert abs(sample.mean()) < 0.03
    assert abs(sample.std() - 1.0) < 0.03
    assert abs(np.median(Streams(1, 0).lognormal("x", 0.5, np.arange(20000))) - 1.0) < 0.03
