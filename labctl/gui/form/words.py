"""What a form says of a parameter: its name in words, its explanation, an example."""

from __future__ import annotations

import inspect
import re
import typing
from enum import Enum

from labctl.core.lines import Cell
from labctl.core.quantity import Spec, write

MUST_BE_GIVEN = "must be given"
_PATH_NAMES = frozenset({"target", "known", "weights", "images", "card"})
_PATH_WORD = re.compile(r"\b(path|PNG)\b")


def in_words(name: str) -> str:
    """`read_voltage` as people say it: `Read voltage`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def sentence(text: str) -> str:
    """`text` with a capital at its beginning and a full stop at its end; empty stays empty."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def purpose(kind: type) -> str:
    """What a procedure does, in a sentence: its title, else the first line of what its author wrote of it."""
    title = getattr(kind, "title", "")
    if isinstance(title, str) and title:
        return sentence(title)
    written = inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]
    return "" if written.startswith(f"{kind.__name__}(") else sentence(written)


def label(spec: Spec) -> str:
    """What stands beside the field; lists are typed without a unit, so their label has it."""
    unit = f" ({spec.unit})" if is_list(spec) and spec.unit not in ("", "1") else ""
    return in_words(spec.name) + unit


def explanation(spec: Spec) -> str:
    """Help, allowed range and default, each in a sentence on a line of its own: Qt breaks no line of a tool tip."""
    parts = [sentence(spec.help)]
    if is_number(spec) and not (spec.low is None and spec.high is None):
        parts.append(f"Allowed: {spec.allowed}.")
    if spec.bench:
        parts.append(f"The bench file limits it (limits.{spec.limit}).")
    if spec.required:
        parts.append(sentence(MUST_BE_GIVEN))
    elif default := write(spec.default, spec.unit):
        parts.append(f"Default: {default}.")
    return "\n".join(part for part in parts if part) or sentence(in_words(spec.name))


def example(spec: Spec) -> str:
    """What an empty field shows in grey: the range of a number, or how a list is written."""
    if is_number(spec):
        if not spec.required:
            return write(spec.default, spec.unit)
        return spec.allowed if spec.low is not None or spec.high is not None else spec.unit
    if is_list(spec):
        inner = typing.get_args(spec.kind)[0]
        shown = {Cell: "3,5 4,0-7", str: "a.png; b.png", float: "0.1 0.25"}.get(inner, "0 1 5")
        return f"e.g. {shown}"
    if not spec.required:
        return ""
    return "path or name" if is_path(spec) else MUST_BE_GIVEN


def is_number(spec: Spec) -> bool:
    """Whether one number is typed."""
    return spec.kind in (int, float)


def is_list(spec: Spec) -> bool:
    """Whether several values are typed into one field."""
    return typing.get_origin(spec.kind) is tuple


def is_choice(spec: Spec) -> bool:
    """Whether one of a few names is chosen."""
    return isinstance(spec.kind, type) and issubclass(spec.kind, Enum)


def is_typable(spec: Spec) -> bool:
    """Whether a value can be given as text at all; arrays, for instance, cannot."""
    if is_list(spec):
        return typing.get_args(spec.kind)[0] in (Cell, str, int, float)
    return spec.kind in (bool, int, float, str) or is_choice(spec)


def is_path(spec: Spec) -> bool:
    """Whether the text names a file, so that the field offers to look for it."""
    is_text = spec.kind is str or (is_list(spec) and typing.get_args(spec.kind)[0] is str)
    return is_text and (spec.name in _PATH_NAMES or _PATH_WORD.search(spec.help) is not None)
