"""Make the project's environment in `.venv` and keep it up to date.

Read by any Python 3.7 or newer, so that one that is too old can say so.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWEST_TRIED = (3, 14)
ROOT = Path(__file__).resolve().parent.parent


class SetUpError(Exception):
    """The environment cannot be made: one sentence that says what to do."""


def python_of(folder: Path) -> Path:
    """The interpreter of the environment in `folder`, whether it exists or not."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def works(python: Path) -> bool:
    """Whether an environment's interpreter starts, is new enough and has pip."""
    if not python.is_file():
        return False
    question = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return (
            subprocess.run([str(python), "-c", question], stderr=subprocess.DEVNULL, check=False).returncode
            == 0
        )
    except OSError:
        return False


def base_python() -> str:
    """An interpreter that is new enough: this one, or another on the path by its versioned name.

    Raises SetUpError when there is none.
    """
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(NEWEST_TRIED[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    raise SetUpError(
        "labctl needs Python {}.{} or newer, and this is {}.{} ({}): install a newer one, or name it as in "
        "'make demo PYTHON=python3.11'.".format(*OLDEST, *sys.version_info[:2], sys.executable)
    )


def wanted(extras: frozenset[str], root: Path) -> dict[str, object]:
    """What an environment with these extras is made from: the note that is left in it."""
    made_from = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        made_from.update((root / name).read_bytes())
    return {"extras": sorted(extras), "made from": made_from.hexdigest(), "folder": str(root)}


def installed(note: Path) -> dict[str, object]:
    """The note that the last complete installation left, empty when there is none."""
    try:
        read = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _create(folder: Path) -> None:
    base = base_python()
    if base == sys.executable and importlib.util.find_spec("ensurepip") is None:
        raise SetUpError(
            "This Python cannot make environments because it came without venv: "
            "on Debian or Ubuntu run 'sudo apt-get install python3-venv' and try again."
        )
    if subprocess.call([base, "-m", "venv", "--clear", str(folder)]):
        raise SetUpError(f"The environment {folder} could not be made; the lines above say why.")


def _install(python: Path, extras: frozenset[str], root: Path) -> None:
    project = ".[{}]".format(",".join(sorted(extras))) if extras else "."
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--constraint", "constraints.txt", "--editable", project]
    if subprocess.call(command, cwd=root):
        raise SetUpError("The packages could not be installed; pip's lines above say why.")


def ensure(extras: frozenset[str], folder: Path, root: Path = ROOT) -> Path:
    """The interpreter of an environment that has labctl and these extras, made or completed if need be.

    Extras that are already there stay. Nothing is done, and nothing printed, when all is in place.
    Raises SetUpError in one sentence.
    """
    python, note = python_of(folder), folder / "labctl-installed.json"
    before = installed(note)
    usable = works(python)
    present = before.get("extras") if usable else None
    extras = extras | frozenset(present if isinstance(present, list) else ())
    if usable and before == wanted(extras, root):
        return python
    if not usable:
        print(f"Making the environment {folder} ...", flush=True)
        _create(folder)
    what = " with extras {}".format(", ".join(sorted(extras))) if extras else ""
    print(f"Installing labctl's packages{what} into {folder} (once; about a minute) ...", flush=True)
    if note.exists():
        note.unlink()
    _install(python, extras, root)
    note.write_text(json.dumps(wanted(extras, root)), encoding="utf-8")
    return python
