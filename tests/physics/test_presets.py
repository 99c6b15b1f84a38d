"""Preset files: every constant with unit and provenance, every mistake at once."""

from pathlib import Path

import pytest

from labctl.core.errors import BenchFileError
from labctl.core.paths import find_preset
from labctl.physics.cbram import CbramPreset
from labctl.physics.presets import load_preset
from labctl.physics.vo2 import Vo2Preset


def test_shipped_presets_are_valid() -> None:
    assert load_preset(CbramPreset, find_preset("generic_ag_cbram")).formed_v0 >= 0.5
    assert load_preset(Vo2Preset, find_preset("generic_vo2")).heater_resistance == 250.0


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    text = find_preset("generic_vo2").read_text(encoding="utf-8")
    text = text.replace("value = 250.0", 'value = "much"').replace('unit = "K/W"', 'unit = "mK/W"')
    text = text.replace('value = "parallel domains"', 'value = "magic"').replace("[rounding]", "[roundness]")
    text = text.replace("value = 1e-06", "value = 100.0").replace('class = "B"', 'class = "sure"', 1)
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchFileError) as caught:
        load_preset(Vo2Preset, path)
    for word in (
        "heater_resistance",
        "mK/W",
        "magic",
        "roundness",
        "[rounding] is missing",
        "thermal_time",
        "sure",
    ):
        assert word in str(caught.value)
    assert len(caught.value.mistakes) == 7
