"""`labctl featuremap`: maps beside the record, and one sentence for everything that cannot be used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.signal import correlate2d

from labctl.core.errors import PlanError
from labctl.nn.orders import chosen_filters
from labctl.record.reading import read_run
from tests.cli.command import Command
from tests.faults.lab import small_bench

BENCH = ("--bench", "virtual_56x8")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with weights and images, good and bad."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    rng = np.random.default_rng(8)
    kernel = rng.normal(size=(3, 3, 3, 3))
    np.savez(folder / "layer.npz", kernel=kernel, bias=np.array([0.0, 0.5, 1.0]))
    np.savez(folder / "flat.npz", kernel=kernel[0], bias=np.zeros(3))
    np.savez(folder / "grey.npz", kernel=kernel[:, :1], bias=np.zeros(3))
    np.savez(folder / "wide.npz", kernel=rng.normal(size=(1, 3, 5, 5)), bias=np.zeros(1))
    np.savez(folder / "biasless.npz", kernel=kernel)
    for name, shape in (
        ("a.png", (3, 4, 3)),
        ("b.png", (3, 4, 3)),
        ("tall.png", (5, 4, 3)),
        ("grey.png", (3, 4)),
    ):
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(folder / name)
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    (folder / "cut.bin").write_bytes(bytes(3000))
    (folder / "file").write_text("")
    return folder


def test_maps_are_written_beside_the_record(labctl: Command, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    bench = small_bench(tmp_path, words=56, bits=2)
    answer = labctl(
        "featuremap", "--bench", bench, "--weights", inputs / "layer.npz",
        "--images", inputs / "a.png", inputs / "b.png",
        "--card", "centred_rgb", "--filters", "2", "--out", out, "--set", "calibration_patches=8",
        "--set", "trims=0.02,0.08,0.14", "--set", "coding.low=6u",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    (folder,) = out.iterdir()
    for name in ("run.h5", "journal.jsonl", "bench.toml", "report.html", "feature_maps.npz"):
        assert (folder / name).is_file(), name
    assert str(folder / "feature_maps.npz") in answer.out

    maps = np.load(folder / "feature_maps.npz")
    assert list(maps["filters"]) == [2]
    assert list(maps["images"]) == ["a", "b"]
    layer = np.load(inputs / "layer.npz")
    for number, name in enumerate(("a.png", "b.png")):
        pixels = np.asarray(Image.open(inputs / name)) / 127.5 - 1.0
        wanted = layer["bias"][2] + sum(
            correlate2d(pixels[..., channel], layer["kernel"][2, channel], "same") for channel in range(3)
        )
        np.testing.assert_allclose(maps["software"][number, 0], np.maximum(wanted, 0.0), atol=1e-9)
        coded = maps["software_quantised"][number, 0]
        assert 0.0 < np.max(np.abs(coded - maps["software"][number, 0])) < 8.0, "coded in five levels"
        measured = maps["measured"][number, 0]
        cosine = np.sum(measured * coded) / np.linalg.norm(measured) / np.linalg.norm(coded)
        assert cosine > 0.85

    run = read_run(folder)
    assert list(run.parameters["images"]["applied"]) == ["a", "b"]
    assert run.parameters["card"]["applied"].startswith("centred_rgb: RGB")
    assert run.parameters["layer.kernel"]["applied"].shape == (1, 3, 3, 3)
    assert run.parameters["coding.low"] == {
        "applied": 6e-6, "unit": "S", "low": 1e-7, "high": 1e-3, "given": "6u",
    }  # fmt: skip
    assert run.parameters["calibration_patches"]["applied"] == 8
    assert run.parameters["trims"]["given"] == "0.02,0.08,0.14"
    assert set(run.tables["TrimPoint"].columns["trim"]) == {0.02, 0.08, 0.14, 0.2}
    assert run.pictures["images"].values.shape == (2, 3, 4, 3)
    assert list(run.tables["MapAgreement"].columns["filter"]) == [2, 2]

    page = (folder / "report.html").read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    assert "Filter 2: target" in page
    assert labctl("report", folder).code == 0
    assert (folder / "report.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("weights", "images", "more", "sentence"),
    [
        ("absent.npz", ["a.png"], (), "no weight file"),
        ("a.png", ["a.png"], (), "not a readable .npz"),
        ("flat.npz", ["a.png"], (), r"kernel has the shape .* is wanted"),
        ("grey.npz", ["a.png"], (), "1 input channels, an image has 3"),
        ("wide.npz", ["a.png"], (), "kernel is 5 x 5"),
        ("biasless.npz", ["a.png"], (), "lacks bias"),
        ("layer.npz", ["cut.png"], (), "damaged or truncated"),
        ("layer.npz", ["cut.bin"], (), "truncated: 3000 bytes"),
        ("layer.npz", ["grey.png"], (), "no three colour channels"),
        ("layer.npz", ["file"], (), "not a picture"),
        ("layer.npz", ["a.png", "tall.png"], (), "one size; these differ: a 3 x 4, tall 5 x 4"),
        ("layer.npz", ["a.png"], ("--filters", "1,3"), "no filter 3; the weights hold 0 to 2"),
        ("layer.npz", ["a.png"], ("--filters", "one"), "write for example 0-15, or 0-3,5"),
        ("layer.npz", ["a.png"], ("--card", "alexnet"), "no model card 'alexnet'.*vgg16_caffe"),
        ("layer.npz", ["a.png"], ("--set", "trim=2"), "trim = 2 V, allowed 10 mV to 300 mV"),
        ("layer.npz", ["a.png"], ("--set", "trims=0.1,0.9"), "trims = 100 mV, 900 mV, allowed"),
        ("layer.npz", ["a.png"], ("--set", "coding.levels=4"), "levels = 4; an odd number"),
        ("layer.npz", ["a.png"], ("--set", "coding.levels=7"), "choose fewer levels"),
        ("layer.npz", ["a.png"], ("--set", "coding.colour=7"), "no parameter 'colour'"),
        ("layer.npz", ["a.png"], ("--set", "layer=7"), "no parameter 'layer'"),
        ("layer.npz", ["a.png"], ("--bench", "nowhere"), "no bench 'nowhere'"),
        ("layer.npz", ["a.png"], ("--out", "INPUTS/file/runs"), "cannot be made.*another folder"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_left(
    labctl: Command,
    inputs: Path,
    tmp_path: Path,
    weights: str,
    images: list[str],
    more: tuple[str, ...],
    sentence: str,
) -> None:
    out = tmp_path / "runs"
    before = sorted(inputs.iterdir())
    given = [pair for pair in (BENCH, ("--out", out)) if pair[0] not in more]
    answer = labctl(
        "featuremap", "--weights", inputs / weights, "--images", *(inputs / name for name in images),
        *(word for pair in given for word in pair), *(word.replace("INPUTS", str(inputs)) for word in more),
    )  # fmt: skip
    assert answer.code == 2, answer.err
    assert re.search(sentence, answer.err)
    assert len(answer.err.splitlines()) == 1
    assert not out.exists()
    assert sorted(inputs.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("", [0, 1, 2, 3, 4]), ("1-3", [1, 2, 3]), ("4,0", [4, 0]), ("0, 2-3", [0, 2, 3]), ("4", [4])],
)
def test_filters_are_chosen_by_number(text: str, numbers: list[int]) -> None:
    assert chosen_filters(text, 5) == numbers


@pytest.mark.parametrize("text", ["5", "0-5", "3-1", "1,1", "0-2,1", "-1", "a", "1,", "1-", "²"])
def test_filters_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(PlanError, match="--filters"):
        chosen_filters(text, 5)
