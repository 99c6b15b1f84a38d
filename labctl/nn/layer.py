"""One convolution layer: weights in, exact software result out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import LabError
from labctl.core.numpyfile import UNREADABLE

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConvolutionLayer:
    """kernel (filters, channels, rows, columns) and bias (filters,): cross-correlation, stride 1, same size, ReLU."""

    kernel: Array
    bias: Array

    @property
    def filters(self) -> int:
        """Number of filters."""
        return int(self.kernel.shape[0])

    @property
    def inputs(self) -> int:
        """Inputs of one filter: channels x rows x columns."""
        return int(np.prod(self.kernel.shape[1:]))

    def weights(self) -> Array:
        """(filters, inputs), inputs in the order of `patches`."""
        return self.kernel.reshape(self.filters, self.inputs)

    def patches(self, image: Array, padding: Array) -> Array:
        """(rows * columns, inputs) neighbourhoods of an image (channels, rows, columns), raster order.

        `padding` (channels,) is the input value outside the image.
        """
        channels, rows, columns = image.shape
        _, _, height, width = self.kernel.shape
        framed = np.empty((channels, rows + height - 1, columns + width - 1))
        framed[:] = padding[:, None, None]
        top, left = (height - 1) // 2, (width - 1) // 2
        framed[:, top : top + rows, left : left + columns] = image
        windows = np.lib.stride_tricks.sliding_window_view(framed, (height, width), axis=(1, 2))
        return np.ascontiguousarray(np.moveaxis(windows, 0, 2).reshape(rows * columns, self.inputs))

    def respond(self, patches: Array) -> Array:
        """(patches, filters): weighted sum plus bias, then ReLU."""
        return np.maximum(patches @ self.weights().T + self.bias, 0.0)


def load_layer(path: Path) -> ConvolutionLayer:
    """Read `kernel` (out, in, row, col) and `bias` (out,) from an .npz; LabError says what is wrong with it.

    Real numbers of any width and byte order become float64; complex ones, flags, texts and objects are refused.
    """
    try:
        with path.open("rb") as file:
            kernel, bias = _arrays(file, path)
    except FileNotFoundError:
        raise LabError(f"There is no weight file {path}.") from None
    except UNREADABLE as error:
        raise LabError(
            f"The weight file {path} is not a readable .npz ({' '.join(str(error).split())})."
        ) from None
    if kernel.ndim != 4:
        raise LabError(
            f"The weight file {path}: kernel has the shape {kernel.shape}, (out, in, row, col) is wanted."
        )
    if not kernel.size:
        raise LabError(
            f"The weight file {path}: kernel has the shape {kernel.shape}, there is no filter in it."
        )
    if kernel.shape[1] != 3:
        raise LabError(
            f"The weight file {path}: kernel has {kernel.shape[1]} input channels, an image has 3."
        )
    if bias.shape != (kernel.shape[0],):
        raise LabError(
            f"The weight file {path}: bias has the shape {bias.shape}, ({kernel.shape[0]},) is wanted."
        )
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise LabError(f"The weight file {path} holds values that are not numbers.")
    return ConvolutionLayer(kernel, bias)


def _arrays(file: BinaryIO, path: Path) -> tuple[Array, Array]:
    """Kernel and bias of an open .npz."""
    stored = np.load(file, allow_pickle=False)
    if not isinstance(stored, np.lib.npyio.NpzFile):
        raise LabError(
            f"The weight file {path} holds a single array: write numpy.savez(path, kernel=..., bias=...)."
        )
    with stored:
        missing = [name for name in ("kernel", "bias") if name not in stored.files]
        if missing:
            raise LabError(
                f"The weight file {path} lacks {' and '.join(missing)} (it holds: {', '.join(stored.files)})."
            )
        return _real(stored["kernel"], "kernel", path), _real(stored["bias"], "bias", path)


def _real(values: NDArray[Any], name: str, path: Path) -> Array:
    if values.dtype.kind not in "fiu":
        raise LabError(
            f"The weight file {path}: {name} holds numbers of the kind {values.dtype}, real numbers are wanted: "
            "a part of them would be lost."
        )
    return np.ascontiguousarray(values, dtype=np.float64)


def edge_filters() -> ConvolutionLayer:
    """Eight 3x3x3 filters of the demonstration: four edges of brightness, four colour opponents, red-green-blue order.

    0 vertical edge (bright right), 1 horizontal edge (bright below), 2 and 3 the two diagonals, 4 red against green
    centre, 5 blue against yellow centre, 6 red-green vertical edge, 7 blue-yellow horizontal edge.
    """
    vertical = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4.0
    rising = np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]]) / 4.0
    blob = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16.0
    grey = np.array([1.0, 1.0, 1.0]) / 3.0
    red_green = np.array([1.0, -1.0, 0.0])
    blue_yellow = np.array([-0.5, -0.5, 1.0])
    pairs = [
        (grey, vertical),
        (grey, vertical.T),
        (grey, rising),
        (grey, rising[:, ::-1]),
        (red_green, blob),
        (blue_yellow, blob),
        (red_green, vertical),
        (blue_yellow, vertical.T),
    ]
    kernel = np.stack([colour[:, None, None] * shape for colour, shape in pairs])
    return ConvolutionLayer(kernel, np.zeros(len(pairs)))
