"""pytest plugin: a virtual bench with a sample of its own for each test of a laboratory's scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from labctl.scripting import MeasuringBench

MARKER = "labctl(bench='virtual_56x8', seed=0): which virtual bench the `labctl` fixture gives, which sample lies on it"


@dataclass(frozen=True)
class VirtualLab:
    """A virtual bench for one test.

    bench_file: for a script that opens its bench by path. out: folder for run folders.
    """

    bench_file: Path
    out: Path

    def open_bench(self) -> MeasuringBench:
        """Open the bench; its sample keeps what was done to it until the test ends."""
        from labctl.scripting import open_bench

        return open_bench(self.bench_file, self.out)


@pytest.fixture
def labctl(request: pytest.FixtureRequest, tmp_path: Path) -> VirtualLab:
    """A virtual bench with a fresh sample in the test's own folder.

    The same seed gives the same sample and the same noise; `@pytest.mark.labctl(bench=..., seed=...)` chooses.
    """
    marker = request.node.get_closest_marker("labctl")
    return virtual_lab(tmp_path, **(marker.kwargs if marker is not None else {}))


def virtual_lab(folder: Path, bench: str | Path = "virtual_56x8", seed: int = 0) -> VirtualLab:
    """Write the bench file of a virtual bench with sample and seed of its own into `folder`.

    Raises LabError when `bench` is not virtual.
    """
    import tomlkit

    from labctl.benchfile import load_bench
    from labctl.core.errors import LabError

    file = load_bench(bench)
    if file.virtual is None:
        raise LabError(f"{file.source}: bench '{file.name}' has no [virtual] section, no test can have it.")
    text: Any = tomlkit.parse(file.text)
    text["visa"]["library"] = "{this_file}@labctl"
    text["virtual"]["seed"] = seed
    text["virtual"]["sample"] = (folder / "sample.npz").as_posix()
    path = folder / f"{file.name}.toml"
    path.write_text(tomlkit.dumps(text), encoding="utf-8")
    return VirtualLab(path, folder / "runs")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)
