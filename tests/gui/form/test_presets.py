"""Presets on the disk: names of any characters, damaged files, several procedures."""

import json

import pytest

from labctl.core.errors import RecordError
from labctl.gui.form.presets import Kept, Presets

NAMES = ["plain", "100 µS, gentle", "../../up", 'say "no"', "a/b\\c", "con", "名前", "tab\there", ""]


def test_presets_come_back_as_they_were_kept(tmp_path):
    presets = Presets(tmp_path / "not" / "there" / "yet")
    for number, name in enumerate(NAMES):
        presets.save("forming", name, {"word": str(number)})
    presets.keep_last("forming", {"bit": "5 µ"})
    again = Presets(tmp_path / "not" / "there" / "yet").read("forming")
    assert again == Kept({"bit": "5 µ"}, {name: {"word": str(number)} for number, name in enumerate(NAMES)})


def test_a_preset_is_replaced_and_deleted(presets):
    presets.save("forming", "a", {"word": "1"})
    presets.save("forming", "b", {})
    presets.save("forming", "a", {"word": "2"})
    presets.delete("forming", "b")
    presets.delete("forming", "never there")
    assert presets.read("forming").named == {"a": {"word": "2"}}


def test_each_procedure_has_its_own_whatever_its_name(presets):
    for name in ("a/b", "a-b", "..", "a.b"):
        presets.keep_last(name, {"of": name})
    assert [presets.read(name).last["of"] for name in ("a/b", "a-b", "..", "a.b")] == [
        "a/b",
        "a-b",
        "..",
        "a.b",
    ]
    assert all(file.suffix == ".json" for file in presets.file("a/b").parent.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"last": {}, "named": []}',
        b'{"last": {"a": 1}, "named": {}}',
        b'{"last": {}, "named": {"a": 3}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_a_sentence_and_defaults_and_is_not_lost(presets, damage):
    presets.keep_last("forming", {"word": "1"})
    presets.file("forming").write_bytes(damage)
    kept = presets.read("forming")
    assert (kept.last, kept.named) == ({}, {})
    assert "presets_forming.json are damaged; defaults are shown" in kept.remark
    assert presets.file("forming").with_suffix(".damaged").read_bytes() == damage
    presets.save("forming", "new", {"word": "2"})
    assert presets.read("forming") == Kept({}, {"new": {"word": "2"}})


def test_a_file_that_cannot_be_read_is_not_written_over(presets):
    presets.file("forming").mkdir(parents=True)
    assert "cannot be read" in presets.read("forming").remark
    with pytest.raises(RecordError, match="cannot be read"):
        presets.save("forming", "a", {})


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="The values of forming cannot be kept in"):
        Presets(tmp_path / "file").keep_last("forming", {})


def test_a_writing_that_is_cut_short_leaves_the_old_values(presets, monkeypatch):
    presets.save("forming", "a", {"word": "1"})
    before = presets.file("forming").read_text()

    def full(self, text, encoding):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(RecordError, match="No space left"):
        presets.save("forming", "b", {})
    assert presets.file("forming").read_text() == before
    assert list(json.loads(before)["named"]) == ["a"]
