"""Images in: PNG files and CIFAR-10 batches in the binary layout, as red-green-blue bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from labctl.core.errors import LabError

CIFAR_SIDE = 32
CIFAR_RECORD = 1 + 3 * CIFAR_SIDE * CIFAR_SIDE
"""Bytes of one CIFAR-10 record: a label, then the red, green and blue planes row by row."""


@dataclass(frozen=True, eq=False)
class NamedImage:
    """One picture: `pixels` (rows, columns, 3) uint8 in the order red, green, blue."""

    name: str
    pixels: NDArray[np.uint8]

    def __str__(self) -> str:
        """The name: what a record tells of it."""
        return self.name


def load_images(paths: list[Path]) -> list[NamedImage]:
    """All images of the given files in order; all must have one size.

    Raises LabError for a file that is missing, truncated, no picture or without three colour channels.
    """
    images = [image for path in paths for image in _load(path)]
    if not images:
        raise LabError("No image was given.")
    sizes = {image.pixels.shape for image in images}
    if len(sizes) > 1:
        told = ", ".join(
            f"{image.name} {image.pixels.shape[0]} x {image.pixels.shape[1]}" for image in images[:4]
        )
        raise LabError(f"All images of one run must have one size; these differ: {told}.")
    return images


def _load(path: Path) -> list[NamedImage]:
    if not path.is_file():
        raise LabError(f"There is no image file {path}.")
    if path.suffix.lower() == ".bin":
        return _load_cifar(path)
    try:
        with Image.open(path) as picture:
            mode = picture.mode
            if mode not in ("RGB", "RGBA", "P"):
                raise LabError(f"The image {path} has no three colour channels (its mode is {mode}).")
            pixels = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except UnidentifiedImageError:
        raise LabError(f"The file {path} is not a picture that can be read (PNG or CIFAR-10 .bin).") from None
    except (OSError, SyntaxError) as error:
        raise LabError(f"The image {path} is damaged or truncated ({error}).") from None
    return [NamedImage(path.stem, pixels)]


def _load_cifar(path: Path) -> list[NamedImage]:
    raw = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    if raw.size == 0 or raw.size % CIFAR_RECORD:
        raise LabError(
            f"The CIFAR-10 file {path} is truncated: {raw.size} bytes are "
            f"not a whole number of {CIFAR_RECORD}-byte records."
        )
    planes = raw.reshape(-1, CIFAR_RECORD)[:, 1:].reshape(-1, 3, CIFAR_SIDE, CIFAR_SIDE)
    return [
        NamedImage(f"{path.stem}[{index}]", np.ascontiguousarray(np.moveaxis(image, 0, -1)))
        for index, image in enumerate(planes)
    ]
