"""Images in: PNG files and CIFAR-10 batches in the binary layout, as red-green-blue bytes."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from labctl.core.errors import LabError

MOST_PIXELS = 16_000_000
"""A larger picture would take an array months."""
OPAQUE = 255
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

    Images of one name in several folders are told apart by a number. Raises LabError for a file that is missing,
    truncated, no picture, too large or without three colour channels of 8 bits, and for one with transparent pixels
    or several frames: what is hidden or left out would be dropped in silence.
    """
    images = _told_apart([image for path in paths for image in _load(path)])
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
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with path.open("rb") as file, Image.open(file) as picture:
                pixels = _pixels(picture, path)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise LabError(
            f"The image {path} has more than {MOST_PIXELS // 10**6} million pixels: cut it."
        ) from None
    except UnidentifiedImageError:
        raise LabError(f"The file {path} is not a picture that can be read (PNG or CIFAR-10 .bin).") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise LabError(f"The image {path} is damaged or truncated ({error}).") from None
    return [NamedImage(path.stem, pixels)]


def _pixels(picture: Image.Image, path: Path) -> NDArray[np.uint8]:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise LabError(
            f"The image {path} has {width} x {height} pixels, at most {MOST_PIXELS // 10**6} million are read: cut it."
        )
    if picture.mode not in ("RGB", "RGBA", "P"):
        raise LabError(f"The image {path} has no three colour channels (its mode is {picture.mode}).")
    if getattr(picture, "n_frames", 1) > 1:
        raise LabError(
            f"The image {path} has {getattr(picture, 'n_frames', 1)} frames: save the one that is meant."
        )
    if picture.format == "PNG" and _png_depth(path) > 8:
        raise LabError(
            f"The image {path} has 16 bits per channel: save it with 8, as the network was trained with."
        )
    turned = ImageOps.exif_transpose(picture)
    if turned.mode == "RGBA" or "transparency" in turned.info:
        seen = np.asarray(turned.convert("RGBA"), dtype=np.uint8)
        hidden = int((seen[..., 3] < OPAQUE).sum())
        if hidden:
            raise LabError(
                f"The image {path} has {hidden} transparent pixels, whose colours are hidden: put it on a background."
            )
        return np.ascontiguousarray(seen[..., :3])
    return np.asarray(turned.convert("RGB"), dtype=np.uint8)


def _png_depth(path: Path) -> int:
    """Bits per channel of a PNG file: Pillow drops the lower eight of sixteen (PNG specification, section 11.2.2)."""
    with path.open("rb") as file:
        head = file.read(25)
    return head[24] if len(head) > 24 else 0


def _told_apart(images: list[NamedImage]) -> list[NamedImage]:
    """The images, each with a name of its own: `cat`, `cat (2)`."""
    taken: set[str] = set()
    found = []
    for image in images:
        name, number = image.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{image.name} ({number})"
        taken.add(name.casefold())
        found.append(NamedImage(name, image.pixels))
    return found


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
