"""Finds the procedures in a package: dataclasses with a `run` of their own, by the names people type."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import ModuleType

from labctl.core.errors import PlanError
from labctl.record.provenance import procedure_name


def find_procedures(package: ModuleType) -> Mapping[str, type]:
    """Every procedure in the modules of `package`, by its name as typed (`program_verify`), sorted."""
    found = {}
    for module_info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(module_info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and is_dataclass(kind) and hasattr(kind, "run"):
                found[procedure_name(kind)] = kind
    return dict(sorted(found.items()))


def find_procedure(package: ModuleType, name: str) -> type:
    """The procedure of this name; PlanError naming those that exist."""
    known = find_procedures(package)
    wanted = name.replace("-", "_").lower()
    if wanted not in known:
        raise PlanError(f"There is no procedure '{name}'; there are: {', '.join(known)}.")
    return known[wanted]


def purpose(procedure: type) -> str:
    """What the procedure does, in one line."""
    title = getattr(procedure, "title", "")
    return str(title) or (inspect.getdoc(procedure) or "").partition("\n")[0]
