"""Counter-based random streams: a number depends on (seed, die, quantity, device, event) and on nothing else."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Streams:
    """Random numbers of one die, without memory: asking twice, or in another order, gives the same numbers.

    Each (quantity, event) selects one block of a Philox generator (Salmon et al., SC11, "Parallel random
    numbers: as easy as 1, 2, 3"); a device's number is its place in that block.
    """

    def __init__(self, seed: int, die: int | str) -> None:
        self.seed = seed
        self.die = die
        self._keys: dict[str, NDArray[np.uint64]] = {}

    def block(self, quantity: str, event: int, devices: int) -> Floats:
        """(devices,) standard normal numbers of `quantity` at `event`, one per device counted from 0."""
        return self._generator(quantity, event).standard_normal(devices)

    def normal(self, quantity: str, device: ArrayLike, event: ArrayLike = 0) -> Floats:
        """Standard normal numbers; `device` and `event` broadcast against each other."""
        return self._gather(quantity, device, event, uniform=False)

    def uniform(self, quantity: str, device: ArrayLike, event: ArrayLike = 0) -> Floats:
        """Numbers evenly spread over [0, 1); `device` and `event` broadcast against each other."""
        return self._gather(quantity, device, event, uniform=True)

    def lognormal(self, quantity: str, sigma: float, device: ArrayLike, event: ArrayLike = 0) -> Floats:
        """Factors of median 1 whose logarithm has the standard deviation `sigma`."""
        return np.exp(sigma * self.normal(quantity, device, event))

    def _generator(self, quantity: str, event: int) -> np.random.Generator:
        key = self._keys.get(quantity)
        if key is None:
            name = f"{self.seed}/{self.die}/{quantity}".encode()
            key = np.frombuffer(blake2b(name, digest_size=16).digest(), dtype=np.uint64)
            self._keys[quantity] = key
        counter = np.array((0, event, 0, 0), dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def _gather(self, quantity: str, device: ArrayLike, event: ArrayLike, uniform: bool) -> Floats:
        devices, events = np.broadcast_arrays(np.asarray(device, np.int64), np.asarray(event, np.int64))
        out = np.empty(devices.shape)
        for number in np.unique(events):
            here = events == number
            generator = self._generator(quantity, int(number))
            count = int(devices[here].max()) + 1
            block = generator.random(count) if uniform else generator.standard_normal(count)
            out[here] = block[devices[here]]
        return out
