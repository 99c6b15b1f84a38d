"""Every test here that opens a virtual bench is watched, as in `tests.bench`."""

from tests.bench.conftest import invariants

__all__ = ["invariants"]
