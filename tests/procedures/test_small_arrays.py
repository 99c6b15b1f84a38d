"""Arrays of any shape down to one test cell: everything that forms, programs, reads and draws works on them."""

from __future__ import annotations

import shutil
import tempfile
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.bench import open_bench
from labctl.catalogue import find
from labctl.core.quantity import make
from labctl.core.rows import Picture, Verdict
from tests.faults.lab import small_bench

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4))


def verdict_of(bench, name: str, pictures: dict[str, Picture] | None = None, **settings: str) -> Enum:
    """What the procedure ends with; its pictures go into `pictures`."""
    running = make(find(name), settings).run(bench)
    try:
        while True:
            found = next(running)
            if pictures is not None and isinstance(found, Picture):
                pictures[found.name] = found
    except StopIteration as end:
        return end.value


@settings(max_examples=8, deadline=None)
@given(shape=SHAPES, scheme=st.sampled_from(["V/2", "V/3"]), data=st.data())
def test_a_cell_of_an_array_of_any_shape_is_formed_programmed_and_read(shape, scheme, data):
    words, bits = shape
    word, bit = data.draw(st.integers(0, words - 1)), data.draw(st.integers(0, bits - 1))
    folder = Path(tempfile.mkdtemp())
    try:
        cell = {"word": str(word), "bit": str(bit)}
        with open_bench(small_bench(folder, words=words, bits=bits)) as bench:
            formed = verdict_of(bench, "forming", forming_scheme=scheme, **cell)
            assert formed is Verdict.FORMED
            pictures: dict[str, Picture] = {}
            verified = verdict_of(bench, "program_verify", target="80 uS", scheme=scheme, **cell)
            assert verified is Verdict.VERIFIED
            assert verdict_of(bench, "crossbar_read", pictures) is Verdict.DONE
            read = pictures["conductance"].values
            assert read.shape == shape
            assert read[word, bit] == pytest.approx(80e-6, rel=0.1)
            read[word, bit] = 0.0
            assert (read < 1e-6).all(), "a neighbour was formed as well"
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1)], ids="{0[0]} x {0[1]}".format)
@pytest.mark.parametrize("scheme", ["V/2", "V/3"])
def test_every_procedure_on_a_row_a_column_and_a_single_cell(tmp_path, shape, scheme):
    target = tmp_path / "target.csv"
    target.write_text("\n".join(";".join(["5E-05"] * shape[1]) for _ in range(shape[0])))
    last = f"{shape[0] - 1},{shape[1] - 1}"
    with open_bench(small_bench(tmp_path, words=shape[0], bits=shape[1])) as bench:
        assert verdict_of(bench, "contact_check") is Verdict.DONE
        pictures: dict[str, Picture] = {}
        done = verdict_of(bench, "crossbar_program", pictures, target=str(target), scheme=scheme)
        assert done is Verdict.DONE
        np.testing.assert_allclose(pictures["conductance"].values, np.full(shape, 5e-5), rtol=0.15)
        for name, given in {
            "cells_read": {},
            "cells_form": {},
            "cells_pulse": {"amplitude": "0.3"},
            "cells_program": {"target": "80 uS", "scheme": scheme},
        }.items():
            assert verdict_of(bench, name, cells=last, **given) is Verdict.DONE, name
        assert verdict_of(bench, "switching_loop", word="0", bit="0", scheme=scheme) is Verdict.DONE
        assert verdict_of(bench, "neuron_transfer", neuron="0") in (Verdict.DONE, Verdict.NO_THRESHOLD)
