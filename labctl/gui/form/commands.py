"""A form's content as a command line or as Python: the window does nothing that a script could not."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from enum import Enum
from typing import Any

from labctl.core.lines import Cell
from labctl.core.quantity import read, specs

WIDTH = 100
"""Characters of a line of Python before each parameter gets a line of its own."""
_LEGACY = "$PSNativeCommandArgumentPassing = 'Legacy'; "


def command_line(name: str, texts: Mapping[str, str], bench: str, out: str, windows: bool) -> str:
    """The line that runs procedure `name` with `texts` in a POSIX shell, or in PowerShell on Windows."""
    words = ["labctl", "run", name, "--bench", bench, "--out", out]
    for parameter, text in texts.items():
        words += ["--set", f"{parameter}={text}"]
    return _power_shell(words) if windows else shlex.join(words)


def write_python(kind: type, texts: Mapping[str, str], bench: str, out: str = "") -> str:
    """A script that measures the plan on `bench`; numbers are in SI units.

    out: folder for run folders, when it is not the usual one. Raises PlanError for a text that cannot be read.
    """
    known = {spec.name: spec for spec in specs(kind)}
    values = {name: read(text, known[name]) for name, text in texts.items()}
    needed = {("labctl.scripting", "open_bench"), (kind.__module__, _importable(kind))}
    for value in values.values():
        parts = value if isinstance(value, tuple) and not isinstance(value, Cell) else (value,)
        needed |= {
            (type(part).__module__, _importable(type(part)))
            for part in parts
            if isinstance(part, Cell | Enum)
        }
    imports = [f"from {module} import {name}" for module, name in sorted(needed)]
    place = f", out={_literal(out)}" if out else ""
    arguments = [f"{name}={_literal(value)}" for name, value in values.items()]
    measured = f"    run = bench.measure({kind.__qualname__}({', '.join(arguments)}))"
    if len(measured) > WIDTH:
        inner = "".join(f"            {argument},\n" for argument in arguments)
        measured = f"    run = bench.measure(\n        {kind.__qualname__}(\n{inner}        )\n    )"
    return "\n".join(
        [
            *imports,
            "",
            f"with open_bench({_literal(bench)}{place}) as bench:",
            measured,
            "print(run.folder, run.outcome.value)",
            "",
        ]
    )


def _importable(kind: type) -> str:
    """The name under which a module hands `kind` out."""
    return kind.__qualname__.partition(".")[0]


def _literal(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, tuple) and not isinstance(value, Cell):
        return f"({', '.join(_literal(each) for each in value)}{',' if len(value) == 1 else ''})"
    return repr(value)


def _power_shell(words: list[str]) -> str:
    """Quoted for PowerShell. One way with inner double quotes is left to 5.1 and 7 alike, which must be asked for."""
    line = " ".join(_power_shell_word(word) for word in words)
    return _LEGACY + line if any('"' in word for word in words) else line


def _power_shell_word(word: str) -> str:
    if word and all(each.isascii() and (each.isalnum() or each in "_-=./:\\") for each in word):
        return word
    return "'" + word.replace('"', '\\"').replace("'", "''") + "'"
