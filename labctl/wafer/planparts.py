"""The parts of a plan's TOML, each as sound as it can be by itself; what is not becomes a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from labctl.core.errors import PlanError
from labctl.core.numbers import read_number
from labctl.wafer.measurands import unit_of
from labctl.wafer.planmodel import Bin, Grid, Identity, Limit, Name, Selection, StagePlan, StopRules, Subsite

FORMAT = "labctl-wafer-1"
SECTIONS = ("geometry", "dies", "stage", "subsites", "bins", "limits", "stop")
HEAD = ("format", "name", "description", "lot", "wafer", "operator", "bench")
S = TypeVar("S", bound=BaseModel)
_PLAIN = {
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "mapping_type": "must be a table",
    "string_type": "must be a text",
}


@dataclass
class Parts:
    """What could be read; sections that could not are None or left out.

    named, numbered: all subsites and all bins of the file, sound or not.
    """

    head: dict[str, str] = field(default_factory=dict)
    grid: Grid | None = None
    selection: Selection = field(default_factory=Selection)
    subsites: dict[str, Subsite] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    bins: tuple[Bin, ...] = ()
    numbered: frozenset[object] = frozenset()
    limits: tuple[tuple[str, Limit], ...] = ()
    stop: StopRules = field(default_factory=StopRules)
    stage: StagePlan | None = None


def read_parts(raw: Mapping[str, Any]) -> tuple[Parts, list[str]]:
    """The parts of a plan, and a sentence for each mistake that a part has by itself."""
    reader = _Reader(raw)
    parts = Parts(head=reader.head())
    reader.unknown()
    parts.grid = reader.section("geometry", Grid)
    parts.selection = reader.section("dies", Selection, needed=False) or parts.selection
    parts.stage = reader.section("stage", StagePlan, needed=False)
    parts.stop = reader.section("stop", StopRules, needed=False) or parts.stop
    parts.subsites, parts.named = reader.subsites()
    parts.bins = tuple(found for _, found in reader.listed("bins", Bin, ("name",)))
    parts.numbered = reader.numbers()
    parts.limits = tuple(reader.limits())
    return parts, reader.mistakes


class _Reader:
    """Reads one plan, collecting mistakes."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self.mistakes: list[str] = []

    def head(self) -> dict[str, str]:
        """Format, names and identities; those left out are empty."""
        found = {}
        for key in HEAD:
            value = self._raw.get(key, "")
            if not isinstance(value, str):
                self.mistakes.append(f'{key}: must be a text, write {key} = "{value}"')
                value = ""
            found[key] = value
        if not found["name"] and "name" not in self._raw:
            self.mistakes.append('name: is missing (write name = "...")')
        if found["format"] != FORMAT:
            self.mistakes.append(
                f"format: '{found['format']}' is not known, this version reads '{FORMAT}'"
                if found["format"]
                else f'format: is missing (write format = "{FORMAT}")'
            )
        for key, kind in (("name", Name), ("lot", Identity), ("wafer", Identity), ("operator", Identity)):
            if found[key]:
                self._validated(TypeAdapter[Any](kind), found[key], key)
        return found

    def unknown(self) -> None:
        """Complain about keys that mean nothing."""
        for key in self._raw:
            if key not in (*HEAD, *SECTIONS):
                known = ", ".join((*HEAD, *SECTIONS))
                self.mistakes.append(f"{key}: unknown key or section (there are: {known})")

    def section(self, key: str, model: type[S], *, needed: bool = True) -> S | None:
        """One table of the file."""
        if key not in self._raw:
            if needed:
                self.mistakes.append(f"{key}: the section [{key}] is missing")
            return None
        return self._model(model, self._raw[key], key)

    def subsites(self) -> tuple[dict[str, Subsite], frozenset[str]]:
        """The sound ones by name, and the names of all."""
        tables = self._raw.get("subsites")
        if not isinstance(tables, dict) or not tables:
            self.mistakes.append("subsites: there are none; write [subsites.NAME] with its tests")
            return {}, frozenset()
        found = {}
        for name, table in tables.items():
            place = f"subsites.{name}"
            if not isinstance(table, dict):
                self.mistakes.append(f"{place}: must be a table, [subsites.{name}]")
            elif "name" in table:
                self.mistakes.append(f"{place}.name: a subsite's name is that of its table, leave it out")
            else:
                subsite = self._model(Subsite, {"name": name, **table}, place)
                if subsite is not None:
                    found[name] = subsite
        return found, frozenset(tables)

    def listed(self, key: str, model: type[S], labels: Sequence[str]) -> list[tuple[str, S]]:
        """Each sound entry of an array of tables, with the words that name it in a sentence."""
        found = []
        for place, entry in self._entries(key, labels):
            model_found = self._model(model, entry, place)
            if model_found is not None:
                found.append((place, model_found))
        return found

    def numbers(self) -> frozenset[object]:
        """The numbers of all bins, sound or not."""
        entries = self._raw.get("bins", [])
        tables = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return frozenset(number for entry in tables if isinstance(number := entry.get("number"), int))

    def limits(self) -> list[tuple[str, Limit]]:
        """Each sound limit with the words that name it, its numbers read in the unit of the test's value."""
        found = []
        for place, entry in self._entries("limits", ("test", "value")):
            if isinstance(entry, dict) and "unit" in entry:
                self.mistakes.append(
                    f'{place}.unit: unknown key (write the unit into low and high: "10 kohm")'
                )
                continue
            read = self._with_numbers(entry, place) if isinstance(entry, dict) else entry
            limit = None if read is None else self._model(Limit, read, place)
            if limit is not None:
                found.append((place, limit))
        return found

    def _with_numbers(self, entry: Mapping[str, Any], place: str) -> dict[str, Any] | None:
        unit = _unit(entry, self._raw.get("subsites"))
        read: dict[str, Any] = {**entry, "unit": unit}
        sound = True
        for key in ("low", "high"):
            value = entry.get(key)
            try:
                if isinstance(value, str):
                    read[key] = read_number(value, unit)
                elif isinstance(value, bool) or not isinstance(value, int | float | None):
                    raise PlanError("must be a number, or a text with its unit")
            except PlanError as error:
                self.mistakes.append(f"{place}.{key}: {error}")
                sound = False
        return read if sound else None

    def _entries(self, key: str, labels: Sequence[str]) -> list[tuple[str, Any]]:
        entries = self._raw.get(key, [])
        if not isinstance(entries, list):
            self.mistakes.append(f"{key}: must be a list of tables, write [[{key}]]")
            return []
        return [(_place(key, number, entry, labels), entry) for number, entry in enumerate(entries, start=1)]

    def _model(self, model: type[S], raw: object, place: str) -> S | None:
        return self._validated(TypeAdapter[S](model), raw, place, tuple(model.model_fields))

    def _validated(
        self, adapter: TypeAdapter[S], raw: object, place: str, known: Sequence[str] = ()
    ) -> S | None:
        try:
            return adapter.validate_python(raw)
        except ValidationError as error:
            self.mistakes += [_sentence(place, item, raw, known) for item in error.errors(include_url=False)]
            return None


def _place(key: str, number: int, entry: object, labels: Sequence[str]) -> str:
    named = [str(entry[label]) for label in labels if label in entry] if isinstance(entry, dict) else []
    return f"{key} {number}" + (f" ({'.'.join(named)})" if named else "")


def _unit(entry: Mapping[str, Any], subsites: object) -> str:
    """Unit of the value that a limit is about, whether its subsite is sound or not; else a plain number."""
    for name, table in subsites.items() if isinstance(subsites, dict) else ():
        tests = table.get("tests") if isinstance(table, dict) else None
        for test in tests if isinstance(tests, list) and entry.get("subsite", name) == name else ():
            if isinstance(test, dict) and test.get("name") == entry.get("test"):
                with suppress(KeyError):
                    return unit_of(str(test.get("procedure")), str(entry.get("value"))) or "1"
    return "1"


def _sentence(place: str, item: Any, raw: object, known: Sequence[str]) -> str:
    where, at = [place], raw
    for part in item["loc"]:
        at = _inside(at, part)
        if isinstance(part, int):
            name = at.get("name") if isinstance(at, dict) else None
            where[-1] += f" {part + 1}" + (f" ({name})" if name else "")
        else:
            where.append(str(part))
    text = ".".join(where)
    if item["type"] == "missing":
        return f"{text}: is missing"
    if item["type"] == "extra_forbidden":
        hint = f" (there are: {', '.join(known)})" if known and len(item["loc"]) == 1 else ""
        return f"{text}: unknown key{hint}"
    message = _PLAIN.get(item["type"], item["msg"].removeprefix("Value error, "))
    return f"{text}: {message}"


def _inside(raw: object, part: object) -> object:
    try:
        return raw[part]  # type: ignore[index]  # TypeError where there are no parts
    except (KeyError, IndexError, TypeError):
        return None
