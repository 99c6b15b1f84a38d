"""The page about feature maps runs as it is written, and names what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from labctl.core.paths import data_folder
from labctl.core.quantity import specs
from labctl.nn.coding import Coding
from labctl.nn.featuremaps import MapSettings
from tests.cli.command import Command

PAGE = Path(__file__).parents[2] / "docs" / "feature_maps.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_runs(
    text: str,
    labctl: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(text)
    assert [kind for kind, _ in blocks] == ["python", "sh", "python"]
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, str(PAGE), "exec"), names)
            continue
        for line in block.splitlines():
            if "<run folder>" in line:
                (folder,) = Path("runs").iterdir()
                line = line.replace("runs/<run folder>", folder.as_posix())
            answer = labctl(*shlex.split(line)[1:])
            assert answer.code == 0, answer.err
    shape, agreement = capsys.readouterr().out.splitlines()
    assert shape == "(1, 1, 4, 4)"
    assert float(agreement.removeprefix("relative L2 ")) < 0.35


def test_every_setting_is_on_the_page_with_its_default(text: str) -> None:
    wanted = {spec.name: spec for spec in specs(MapSettings)}
    wanted |= {f"coding.{spec.name}": spec for spec in specs(Coding) if spec.name != "bias_cell"}
    for name in wanted:
        assert f"`{name}`" in text, name
    for words in ("| 5 | input levels", "313 K", "| 40, 1 |", "3.8 mS", "5, 200 uS", "0.1, 0.2 V"):
        assert words in text


def test_the_card_on_the_page_is_the_one_that_travels(text: str) -> None:
    card = (data_folder() / "cards" / "vgg16_caffe.toml").read_text(encoding="utf-8")
    for line in (line for line in card.splitlines() if " = " in line):
        assert line.split("#")[0].strip() in text
