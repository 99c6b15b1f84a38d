"""Nothing is left to compile when the first measurement begins."""

from labctl.physics import kinetics, newton, transient
from labctl.physics.warm_up import warm_up

CALLED = (
    newton.newton,
    newton.linear_solve,
    transient.integrate,
    kinetics.all_rates,
    kinetics.creep,
    kinetics.fastest_rate,
)
"""Compiled functions that are called from Python."""


def test_every_function_is_used_once(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    before = set(newton.newton.signatures)
    warm_up.__wrapped__()
    assert [each.__name__ for each in CALLED if not each.signatures] == []
    added = set(newton.newton.signatures) - before
    assert len(added) <= 1, "arrays in another order are compiled anew"


def test_a_cache_that_is_full_is_left_to_be_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    (tmp_path / "physics_1").mkdir()
    (tmp_path / "physics_1" / "transient.integrate-90.py311.nbi").touch()
    monkeypatch.setattr("labctl.physics.warm_up.Die", None)
    warm_up.__wrapped__()
