"""Names of samples, wafers and runs: what looks the same is the same, on every disk."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from labctl.core.errors import LabError

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What Windows keeps for devices, with any ending."""


def normal_name(name: str) -> str:
    """`name` in Unicode's form NFKC, blanks at its ends taken away and those inside made single; its case is kept."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def blind_name(name: str) -> str:
    """What two names have in common that are the same but for case, spelling of characters and blanks."""
    return unicodedata.normalize("NFKC", normal_name(name).casefold())


def file_name(name: str) -> str:
    """`name` as a file's name on any system: what one could object to becomes a dash."""
    plain = re.sub(r"[^\w .+-]", "-", normal_name(name))
    plain = re.sub(r"[. ]+$", lambda end: "-" * len(end[0]), plain)
    return f"{plain}-" if _RESERVED.fullmatch(plain) else plain


def kept_path(folder: Path, name: str, suffix: str) -> Path:
    """File or folder of `name` with `suffix` in `folder`: the one that is there under a blind namesake, or a new one.

    Raises LabError naming them when several are there: which one knows what was done is then not certain.
    """
    wanted = file_name(name)
    alike = blind_name(wanted)
    found = sorted(
        path for path in folder.glob(f"*{suffix}") if blind_name(path.name.removesuffix(suffix)) == alike
    )
    if len(found) > 1:
        raise LabError(
            f"'{name}' is the name of {' and of '.join(str(path) for path in found)}, which differ in case, blanks or "
            "characters that look alike: join what they know by hand, and leave one of them there."
        )
    return found[0] if found else folder / f"{wanted}{suffix}"


def namesake(path: Path, name: str, suffix: str) -> str:
    """A sentence when `path` (see `kept_path`) was found under another spelling than `name`; empty otherwise."""
    stem = path.name.removesuffix(suffix)
    if stem == file_name(name):
        return ""
    return (
        f"'{name}' is taken for '{stem}', whose records are in {path.parent}: names are compared without case and "
        "blanks."
    )
