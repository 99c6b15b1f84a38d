"""Values that a user keeps for a procedure: presets by name, and those that were used last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labctl.core.errors import RecordError

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """What is kept for one procedure: parameters as texts. `remark` says in a sentence what could not be read."""

    last: Texts = field(default_factory=dict)
    named: Mapping[str, Texts] = field(default_factory=dict)
    remark: str = ""


class Presets:
    """One JSON file per procedure in a folder; the names of presets may have any characters."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is kept for the first time."""
        self._folder = folder

    def file(self, procedure: str) -> Path:
        """Where the values of `procedure` are kept."""
        return self._folder / f"presets_{quote(procedure, safe='')}.json"

    def read(self, procedure: str) -> Kept:
        """What is kept for `procedure`. A damaged file is set aside and told of in the remark."""
        file = self.file(procedure)
        try:
            return _kept(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Kept()
        except OSError as error:
            return Kept(
                remark=f"The saved values in {file} cannot be read ({error.strerror}); defaults are shown."
            )
        except (ValueError, RecursionError):
            return Kept(remark=_set_aside(file))

    def keep_last(self, procedure: str, texts: Texts) -> None:
        """Remember what was used; raises RecordError when it cannot be written."""
        self._write(procedure, replace(self._to_change(procedure), last=dict(texts)))

    def save(self, procedure: str, name: str, texts: Texts) -> None:
        """Keep `texts` under `name`, in place of what had that name; raises RecordError."""
        kept = self._to_change(procedure)
        self._write(procedure, replace(kept, named={**kept.named, name: dict(texts)}))

    def delete(self, procedure: str, name: str) -> None:
        """Forget the preset `name`, if there is one; raises RecordError."""
        kept = self._to_change(procedure)
        self._write(
            procedure, replace(kept, named={each: kept.named[each] for each in kept.named if each != name})
        )

    def _to_change(self, procedure: str) -> Kept:
        """What is kept; RecordError rather than writing over a file that could not be read."""
        kept = self.read(procedure)
        if kept.remark and self.file(procedure).exists():
            raise RecordError(kept.remark)
        return kept

    def _write(self, procedure: str, kept: Kept) -> None:
        file = self.file(procedure)
        fresh = file.with_suffix(".new")
        text = json.dumps({"last": kept.last, "named": kept.named}, indent=1)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(file)
        except OSError as error:
            raise RecordError(
                f"The values of {procedure} cannot be kept in {file} ({error.strerror})."
            ) from error


def _kept(found: Any) -> Kept:
    """Raises ValueError for anything but texts by name."""
    if not (
        isinstance(found, dict)
        and isinstance(found.get("last"), dict)
        and isinstance(found.get("named"), dict)
    ):
        raise ValueError("not a file of presets")
    for texts in (found["last"], *found["named"].values()):
        if not (isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())):
            raise ValueError("a value that is no text")
    return Kept(found["last"], found["named"])


def _set_aside(file: Path) -> str:
    damaged = file.with_suffix(".damaged")
    try:
        file.replace(damaged)
    except OSError as error:
        return f"The saved values in {file} are damaged ({error.strerror}); defaults are shown."
    return f"The saved values in {file} are damaged; defaults are shown, the file is now {damaged.name}."
