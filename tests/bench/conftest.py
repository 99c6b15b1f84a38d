"""Every test here that opens a virtual bench is watched: see `invariants`."""

import pytest

from tests.bench.invariants import Observer


@pytest.fixture(autouse=True)
def invariants(monkeypatch):
    """The observer of this test's messages; a test that breaks a rule on purpose calls `forgive`."""
    observer = Observer()
    observer.watch(monkeypatch)
    yield observer
    assert not observer.violations
