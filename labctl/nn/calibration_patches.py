"""Known patches for calibration: neighbourhoods of synthetic images whose spectrum falls as 1/f, like photographs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labctl.nn.card import WHITE, ModelCard

SIDE = 64
COLOUR_SHARE = 0.35
"""Standard deviation of the colour channels about grey, relative to grey's."""


def natural_patches(count: int, seed: int, card: ModelCard, size: int = 3) -> NDArray[np.float64]:
    """(count, 3 * size * size) network inputs, in the order of `ConvolutionLayer.patches`.

    Photographs are never used to calibrate: these patches share nothing with them but their spectrum.
    """
    rng = np.random.default_rng(seed)
    image = _image(rng)
    prepared = card.prepare(image)
    rows = rng.integers(0, SIDE - size, count)
    columns = rng.integers(0, SIDE - size, count)
    return np.stack(
        [
            prepared[:, row : row + size, column : column + size].ravel()
            for row, column in zip(rows, columns, strict=True)
        ]
    )


def _image(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3) pixels: grey 1/f noise plus weaker 1/f noise in each colour."""
    grey = _falling_spectrum(rng)
    channels = [grey + COLOUR_SHARE * _falling_spectrum(rng) for _ in range(3)]
    pixels = WHITE / 2.0 + 60.0 * np.stack(channels, axis=-1)
    return np.clip(np.rint(pixels), 0.0, WHITE).astype(np.uint8)


def _falling_spectrum(rng: np.random.Generator) -> NDArray[np.float64]:
    """(SIDE, SIDE) noise with amplitude 1/f, mean 0, standard deviation 1."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    frequency[0, 0] = np.inf
    spectrum = np.fft.fft2(rng.standard_normal((SIDE, SIDE))) / frequency
    noise: NDArray[np.float64] = np.fft.ifft2(spectrum).real
    return noise / float(noise.std())
