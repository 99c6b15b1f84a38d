"""Conductance maps in files: siemens, word lines by bit lines, NaN where a cell is to be left alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.core.csvmatrix import read_matrix
from labctl.core.errors import PlanError
from labctl.core.numpyfile import UNREADABLE
from labctl.core.paths import data_folder, user_path
from labctl.core.textfile import printable

LOWEST, HIGHEST = 1e-7, 1e-2
"""S; what a target may be."""


def find_target(name_or_path: str) -> Path:
    """A map by its path, or by its name among the examples that travel with labctl; raises PlanError."""
    path = user_path(name_or_path)
    if _is_map(path):
        if path.is_file():
            return path
        raise PlanError(f"There is no conductance map {printable(path)}.")
    examples = {each.stem: each for each in sorted((data_folder() / "examples").glob("*.*")) if _is_map(each)}
    if name_or_path in examples:
        return examples[name_or_path]
    raise PlanError(
        f"'{name_or_path}' is no conductance map: give the path of a .npy or .csv file (siemens, a line per "
        f"word line, nan = leave alone), or one of these names: {', '.join(examples)}."
    )


def _is_map(path: Path) -> bool:
    return path.suffix.lower() in (".npy", ".csv")


def read_target(name_or_path: str) -> NDArray[np.float64]:
    """The map (M, N) in S; raises PlanError when it is unreadable, not two-dimensional or out of range."""
    path = find_target(name_or_path)
    try:
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
                raise ValueError("it does not hold an array of real numbers")
            values = found.astype(np.float64)
        else:
            values = read_matrix(path)
    except (*UNREADABLE, PlanError) as error:
        reason = " ".join(str(error).split())
        raise PlanError(f"{printable(path)} cannot be read as a map of numbers: {reason}.") from error
    check_target(values, printable(path))
    return values


def check_target(values: NDArray[np.float64], source: str) -> None:
    """Raise PlanError naming the first value of `values` that no cell can be programmed to."""
    if values.ndim != 2 or values.size == 0:
        raise PlanError(
            f"{source}: a conductance map has word lines by bit lines, this one has the shape {values.shape}."
        )
    wrong = np.argwhere(~np.isnan(values) & ~((values >= LOWEST) & (values <= HIGHEST)))
    if len(wrong):
        word, bit = (int(index) for index in wrong[0])
        raise PlanError(
            f"{source}: {len(wrong)} targets out of range, first at cell ({word}, {bit}) = "
            f"{values[word, bit]:g} S; allowed {LOWEST:g} to {HIGHEST:g} S, or nan to leave a cell alone."
        )
