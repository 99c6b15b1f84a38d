"""Refuse to start when another package's `instruments` or `procedures` would be imported instead of ours."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import labctl
from labctl.core.errors import LabError

NAMES = ("instruments", "procedures")


def check() -> None:
    """Look where Python would find the packages with generic names, importing none.

    They lie beside `labctl`, in a checkout as in an installation. Another distribution can stand before them on the
    path, or can have written its files over ours in the same folder; the second is told by the hash that the
    installer noted. Raises LabError in one sentence that names the file found.
    """
    home = Path(labctl.__file__).resolve().parent.parent
    for name in NAMES:
        ours = home / name / "__init__.py"
        found = _found(name)
        if found == ours and _as_installed(ours, f"{name}/__init__.py"):
            continue
        what = f"is {found}" if found else "cannot be found"
        raise LabError(
            f"labctl does not start: Python's package '{name}' {what}, not labctl's own {ours}; start from another "
            "folder or remove what stands before it, or install labctl into an environment of its own."
        )


def _found(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).resolve() if spec is not None and spec.origin else None


def _as_installed(path: Path, recorded_as: str) -> bool:
    """Whether the file is the one installed with labctl; true where nothing was noted, as in a checkout."""
    try:
        recorded = distribution("labctl").files or ()
    except PackageNotFoundError:
        return True
    noted = next((file.hash for file in recorded if file.as_posix() == recorded_as), None)
    if noted is None or noted.mode not in hashlib.algorithms_available:
        return True
    digest = hashlib.new(noted.mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == noted.value
