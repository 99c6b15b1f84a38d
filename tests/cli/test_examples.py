"""The maps that travel with labctl can be programmed."""

import numpy as np
import pytest

from labctl.core.paths import data_folder
from procedures.crossbar_program import CrossbarProgram
from procedures.target_map import read_target

EXAMPLES = sorted(path.stem for path in (data_folder() / "examples").glob("*.csv"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_plan_by_its_name(name: str) -> None:
    assert CrossbarProgram(target=name).target == name
    target = read_target(name)
    assert target.shape == (56, 8)
    assert 5e-6 <= np.nanmin(target) < np.nanmax(target) <= 200e-6
