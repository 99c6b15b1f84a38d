"""Benches whose truth and belief differ: the virtual bench lives by one file, the measuring side by another."""

from pathlib import Path

import numpy as np

from labctl.benchfile import load_bench, read_bench
from labctl.sim.workbench import Workbench


def write_bench(path: Path, *replacements, truth: Path | None = None, sample: Path | None = None) -> Path:
    """virtual_56x8 with pieces of its text replaced, at `path`; its library is the bench of `truth` (or itself)."""
    text = load_bench("virtual_56x8").text
    where = (sample or path.with_suffix(".npz")).as_posix()
    pairs = [('sample = "virtual_56x8"', f'sample = "{where}"'), *replacements]
    if truth is not None:
        pairs.append(('library = "{this_file}@labctl"', f'library = "{truth.as_posix()}@labctl"'))
    for old, new in pairs:
        assert old in text, f"the bench file no longer holds {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def make_sample(path: Path, conductance: np.ndarray) -> None:
    """Give the bench at `path` a sample whose cells are formed and have these conductances (M, N), S."""
    bench = Workbench(read_bench(path.read_text(encoding="utf-8"), path))
    bench.die.cells.formed[:] = True
    bench.die.cells.log_conductance[:] = np.log(conductance)
    bench.close()
