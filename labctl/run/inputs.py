"""The files that a run reads: kept in its folder with their hashes, and read from there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from labctl.core.errors import LabError, PlanError, RecordError
from labctl.core.quantity import Spec, specs
from labctl.core.textfile import printable

FOLDER = "inputs"
P = TypeVar("P")


@dataclass(frozen=True)
class _Named:
    """One file that a plan names: the parameter, which of its texts, and where the file lies."""

    spec: Spec
    place: int
    text: str
    path: Path
    head: str

    @property
    def name(self) -> str:
        return self.head + (self.spec.name if self.spec.kind is str else f"{self.spec.name}.{self.place}")


def keep_inputs(procedure: P, folder: Path) -> tuple[P, dict[str, dict[str, str]]]:
    """Copy every file that `procedure` reads into `folder`; the same procedure reading the copies, and what they are.

    By parameter (`images.0` where it names several): `given` as typed, `path`, `sha256`, and `kept` in the folder.
    Raises PlanError when a file cannot be read, RecordError when its copy cannot be written.
    """
    noted: dict[str, dict[str, str]] = {}
    for named in _files(procedure):
        try:
            data = named.path.read_bytes()
        except OSError as error:
            raise PlanError(
                f"{named.spec.name}: {printable(named.path)} cannot be read ({error.strerror})."
            ) from None
        digest = hashlib.sha256(data).hexdigest()
        kept = Path(FOLDER) / digest[:12] / printable(named.path.name)
        try:
            (folder / kept).parent.mkdir(parents=True, exist_ok=True)
            (folder / kept).write_bytes(data)
        except OSError as error:
            raise RecordError(
                f"{printable(named.path)} cannot be kept in {printable(folder)} ({error.strerror}): the run would not "
                "say what it did."
            ) from error
        noted[named.name] = {
            "given": printable(named.text),
            "path": printable(named.path.absolute()),
            "sha256": digest,
            "kept": kept.as_posix(),
        }
    return _reading(procedure, folder.absolute(), noted), noted


def kept_inputs(
    kind: type, values: Mapping[str, Any], folder: Path, noted: Mapping[str, Mapping[str, str]] | None
) -> tuple[dict[str, Any], list[str]]:
    """The parameters `values` of a `kind` of plan with the files that its run kept; sentences on what changed since.

    noted: what the record says of them; None for a record of a version that kept none. Raises PlanError when a kept
    file is missing or damaged: what the run was begun with is then not known.
    """
    found, sentences = dict(values), []
    if noted is None:
        named = ", ".join(spec.name for spec in specs(kind) if spec.find is not None and values[spec.name])
        if named:
            raise PlanError(
                f"The run in {printable(folder)} kept no copy of the files that it read ({named}), and they may have "
                "changed since: start it anew, every cell is read before it is pulsed."
            )
        noted = {}
    folder = folder.absolute()
    _refuse_gaps(kind, values, folder, noted)
    for entry in noted.values():
        kept = folder / entry["kept"]
        try:
            whole = hashlib.sha256(kept.read_bytes()).hexdigest() == entry["sha256"]
        except OSError:
            whole = False
        if not whole:
            raise PlanError(
                f"{printable(kept)}, the copy of {entry['path']} that the run in {printable(folder)} was begun with, "
                "is missing or damaged: the run cannot be resumed as it was begun."
            )
        original = Path(entry["path"])
        try:
            is_same = hashlib.sha256(original.read_bytes()).hexdigest() == entry["sha256"]
        except OSError:
            sentences.append(f"{entry['path']} is gone; the run goes on with its kept copy.")
        else:
            if not is_same:
                sentences.append(
                    f"{entry['path']} was changed since the run began; the run goes on with its kept copy."
                )
    for spec in specs(kind):
        found[spec.name] = _texts(spec, found[spec.name], folder, noted)
    return found, sentences


def _refuse_gaps(
    kind: type, values: Mapping[str, Any], folder: Path, noted: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise PlanError where the record says less of a file than is needed, or names none where the plan reads one."""
    lacking = [name for name, entry in noted.items() if not {"kept", "sha256", "path"} <= entry.keys()]
    for spec in specs(kind):
        texts = () if spec.find is None else (values[spec.name],) if spec.kind is str else values[spec.name]
        for place, text in enumerate(texts):
            name = spec.name if spec.kind is str else f"{spec.name}.{place}"
            if text and name not in noted and spec.find is not None and _is_file(spec.find, text):
                lacking.append(name)
    if lacking:
        raise PlanError(
            f"The record of the run in {printable(folder)} does not say which file it read ({', '.join(lacking)}): "
            "it is damaged, start the run anew."
        )


def _is_file(find: Callable[[str], Path | None], text: str) -> bool:
    try:
        return find(text) is not None
    except LabError:  # there is none any more, but there was one
        return True


def _reading(procedure: P, folder: Path, noted: Mapping[str, Mapping[str, str]]) -> P:
    if not noted or not is_dataclass(procedure) or isinstance(procedure, type):
        return procedure
    values = {}
    for spec in specs(procedure):
        value = getattr(procedure, spec.name)
        if spec.find is not None:
            values[spec.name] = _texts(spec, value, folder, noted)
        elif is_dataclass(value) and not isinstance(value, type):
            head = f"{spec.name}."
            inner = {name.removeprefix(head): entry for name, entry in noted.items() if name.startswith(head)}
            values[spec.name] = _reading(value, folder, inner)
    return replace(procedure, **values)


def _texts(spec: Spec, value: Any, folder: Path, noted: Mapping[str, Mapping[str, str]]) -> Any:
    """The value of a parameter with kept files in the place of those that it names."""
    if spec.find is None:
        return value
    if spec.kind is str:
        return str(folder / noted[spec.name]["kept"]) if spec.name in noted else value
    names = [f"{spec.name}.{place}" for place in range(len(value))]
    return tuple(
        str(folder / noted[name]["kept"]) if name in noted else text
        for name, text in zip(names, value, strict=True)
    )


def _files(procedure: object, head: str = "") -> Iterator[_Named]:
    """The files that a plan names, those of plans inside it as `NAME.PARAMETER`."""
    if not is_dataclass(procedure) or isinstance(procedure, type):
        return
    for spec in specs(procedure):
        value = getattr(procedure, spec.name)
        if spec.find is None:
            yield from _files(value, f"{head}{spec.name}.")
            continue
        for place, text in enumerate((value,) if spec.kind is str else value):
            path = spec.find(text) if text else None
            if path is not None:
                yield _Named(spec, place, text, path, head)
