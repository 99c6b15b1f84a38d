"""What must be known to understand a run later: who, when, with which programs, instruments, wiring and parameters."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from labctl import __version__
from labctl.benchfile import BenchFile
from labctl.core.clock import WallClock
from labctl.core.identity import identified
from labctl.core.quantity import Spec, specs
from labctl.core.textfile import printable

FORMAT = "labctl-run"
FORMAT_VERSION = 1
LIBRARIES = ("numpy", "scipy", "numba", "h5py", "pyvisa", "pymeasure", "pydantic", "lupa", "greenlet")
SIMULATED = "SIMULATED"


def head(
    uuid: str,
    procedure: object,
    given: Mapping[str, str],
    file: BenchFile,
    identities: Mapping[str, str],
    bench_time: float,
    conditions: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Mapping[str, str]] | None = None,
    wiring_proof: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything known before the first row, as nested plain values (arrays allowed).

    given: parameters as they were typed; those applied are read from `procedure`.
    bench_time: s of the bench's clock at the start.
    conditions: what the bench says of itself at the start, such as the temperature of its stage in K.
    inputs: files that the run reads: as given, path, sha256, and where the run folder keeps them.
    wiring_proof: what is known of the wires by proof, `state` in words.
    """
    plan = parameters(procedure, given)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "uuid": uuid,
        "started": now_iso(),
        "bench_time_started": bench_time,
        "monotonic_started": WallClock().now(),
        "simulated": file.simulated,
        "mark": SIMULATED if file.simulated else "",
        "seed": file.virtual.seed if file.virtual is not None and file.simulated else "",
        "procedure": procedure_name(type(procedure)),
        "parameters": plan,
        "plan_sha256": _checksum({name: entry["applied"] for name, entry in plan.items()}),
        "sample": sample(procedure, file),
        "conditions": dict(conditions or {}),
        "inputs": {name: dict(entry) for name, entry in (inputs or {}).items()},
        "limits": {name: value for name, value in file.limits.model_dump().items() if value is not None},
        "software": software(),
        "operator": {"user": _user(), "host": platform.node()},
        "bench": {
            "name": file.name,
            "description": file.description,
            "source": printable(file.source),
            "library": printable(file.library),
            "text": file.text,
            "sha256": file.sha256,
        },
        "instruments": {
            name: {
                "driver": entry.driver,
                "address": file.visa.addresses[name],
                "identity": printable(identities.get(name, "")),
                **identified(printable(identities.get(name, ""))),
            }
            for name, entry in file.instruments.items()
        },
        "wiring": wiring(file),
        "wiring_proof": dict(wiring_proof or {}),
    }


def now_iso() -> str:
    """This moment as ISO 8601 with the UTC offset of this place."""
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


def procedure_name(procedure: type) -> str:
    """`ProgramVerify` is called `program_verify` at the command line, in folder names and in records."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", procedure.__name__).lower()


def parameters(procedure: object, given: Mapping[str, str]) -> dict[str, Any]:
    """Each parameter as applied with its unit and range, and as given where somebody gave it."""
    if not is_dataclass(procedure):
        return {}
    found: dict[str, Any] = {}
    for spec in specs(procedure):
        value = getattr(procedure, spec.name)
        if is_dataclass(value) and not isinstance(value, type):
            inner = parameters(value, _inside(spec.name, given))
            found |= {f"{spec.name}.{name}": entry for name, entry in inner.items()}
        else:
            found[spec.name] = _parameter(spec, value, given.get(spec.name))
    return found


def _inside(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Of `NAME.PARAMETER: text` those of `name`, by parameter."""
    head = f"{name}."
    return {key.removeprefix(head): text for key, text in given.items() if key.startswith(head)}


def _parameter(spec: Spec, value: object, given: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"applied": _plain(value), "unit": spec.unit}
    if spec.low is not None:
        entry["low"] = spec.low
    if spec.high is not None:
        entry["high"] = spec.high
    if given is not None:
        entry["given"] = given
    return entry


def _plain(value: object) -> Any:
    """A parameter as a number, text, flag or array."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool | int | float | str | np.ndarray):
        return value
    if isinstance(value, tuple | list) and value:
        array = np.array(value)
        return array if array.dtype.kind in "bif" else [str(each) for each in value]
    return "" if value is None else str(value)


def sample(procedure: object, file: BenchFile) -> dict[str, str]:
    """Which sample is on the bench, and which cell of it a procedure on one cell is about."""
    virtual = file.virtual.sample if file.virtual is not None and file.simulated else ""
    found = {"name": virtual}
    if file.sample is not None:
        found |= {name: str(value) for name, value in file.sample.model_dump(exclude_none=True).items()}
    word, bit = getattr(procedure, "word", None), getattr(procedure, "bit", None)
    if isinstance(word, int) and isinstance(bit, int):
        found["cell"] = f"word {word}, bit {bit}"
    return found


def _checksum(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, default=lambda value: np.asarray(value).tolist())
    return hashlib.sha256(text.encode()).hexdigest()


def wiring(file: BenchFile) -> dict[str, dict[str, Any]]:
    """The wiring in words: rows to terminals and their roles, columns to lines, digital outputs to relays.

    The switch path of a line is the crosspoint of the row with the role and the column with the line.
    """
    rows = {}
    for letter, wire in sorted(file.wiring.rows.items()):
        through = f" through {wire.series:g} ohm" if wire.series else ""
        rows[letter] = f"{wire.terminal}{through}"
    roles = {role: row for role, row in file.roles.model_dump().items() if row}
    columns, relays = dict(file.wiring.columns), dict(file.wiring.relays)
    return {"rows": rows, "roles": roles, "columns": columns, "relays": relays}


def software() -> dict[str, Any]:
    """Versions of this suite, its git state if it runs from a checkout, Python and the libraries."""
    return {
        "labctl": __version__,
        "git": git_state(Path(__file__).resolve().parents[2]),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def git_state(checkout: Path) -> str:
    """Commit of a checkout, marked `-dirty` when files were changed since; empty when there is none."""
    if not (checkout / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _user() -> str:
    try:
        return printable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return ""
