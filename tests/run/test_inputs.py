"""Files that a run reads are kept in its folder, each under its own hash."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from labctl.core.errors import PlanError
from labctl.core.paths import user_path
from labctl.core.quantity import input_file, quantity
from labctl.run.inputs import keep_inputs, kept_inputs


def _not_a_name(text: str) -> Path | None:
    return None if text == "built-in" else user_path(text)


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """A procedure of a laboratory with files of its own."""

    levels: float = quantity("V", 0.1)
    waveform: str = input_file(_not_a_name, "built-in", help="one file, or a name")
    images: tuple[str, ...] = input_file(user_path, (), help="several files")


@dataclass(frozen=True, kw_only=True)
class Outer:
    """A plan with a plan inside."""

    inner: Sequence


def files(tmp_path: Path) -> tuple[str, str]:
    found = []
    for folder, data in (("a", b"first"), ("b", b"second")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "cat.png"
        path.write_bytes(data)
        found.append(str(path))
    return found[0], found[1]


def test_two_files_of_one_name_are_both_kept_and_read_from_the_folder(tmp_path):
    images, run = files(tmp_path), tmp_path / "run"
    plan, noted = keep_inputs(Sequence(images=images), run)
    assert [Path(image).read_bytes() for image in plan.images] == [b"first", b"second"]
    assert all(Path(image).is_relative_to(run) and Path(image).name == "cat.png" for image in plan.images)
    assert plan.waveform == "built-in"
    assert noted["images.1"]["sha256"] == hashlib.sha256(b"second").hexdigest()
    assert noted["images.1"]["given"] == images[1]
    assert set(noted) == {"images.0", "images.1"}


def test_what_changed_since_is_told_and_not_read(tmp_path):
    images, run = files(tmp_path), tmp_path / "run"
    _, noted = keep_inputs(Sequence(images=images), run)
    Path(images[0]).write_bytes(b"edited")
    values, said = kept_inputs(
        Sequence, {"levels": 0.2, "waveform": "built-in", "images": images}, run, noted
    )
    assert values["levels"] == 0.2
    assert [Path(image).read_bytes() for image in values["images"]] == [b"first", b"second"]
    assert said == [f"{images[0]} was changed since the run began; the run goes on with its kept copy."]


def test_a_file_that_cannot_be_read_is_told_with_its_parameter(tmp_path):
    with pytest.raises(PlanError, match="waveform: .*none.csv cannot be read"):
        keep_inputs(Sequence(waveform=str(tmp_path / "none.csv")), tmp_path / "run")


def test_a_file_of_a_plan_inside_a_plan_is_kept_too(tmp_path):
    images, run = files(tmp_path), tmp_path / "run"
    plan, noted = keep_inputs(Outer(inner=Sequence(images=images)), run)
    assert set(noted) == {"inner.images.0", "inner.images.1"}
    assert [Path(image).read_bytes() for image in plan.inner.images] == [b"first", b"second"]
    assert Path(plan.inner.images[0]).is_relative_to(run)


def test_copies_are_found_from_any_folder_and_whatever_the_bytes_of_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd = Path(os.fsdecode(b"k\xe9.csv"))
    odd.write_bytes(b"map")
    plan, noted = keep_inputs(Sequence(waveform=str(odd)), Path("run"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Path(plan.waveform).read_bytes() == b"map"
    assert noted["waveform"]["kept"].endswith(r"k\xe9.csv")


@pytest.mark.parametrize("noted", [{}, {"waveform": {"path": "a"}}])
def test_a_record_that_does_not_say_what_was_read_is_refused(tmp_path, noted):
    (tmp_path / "a.csv").touch()
    values = {"levels": 0.2, "waveform": str(tmp_path / "a.csv"), "images": ()}
    with pytest.raises(PlanError, match=r"does not say which file it read \(waveform\)"):
        kept_inputs(Sequence, values, tmp_path, noted)
