"""Values as files can keep them: exactly what was yielded, or refused with the name of the field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture


class ColumnKind(Enum):
    """What a column holds."""

    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    TEXT = "text"

    @property
    def dtype(self) -> np.dtype[Any]:
        """How numpy holds it."""
        return np.dtype(_DTYPES[self])


_DTYPES = {ColumnKind.NUMBER: "f8", ColumnKind.WHOLE: "i8", ColumnKind.FLAG: "?", ColumnKind.TEXT: "O"}


def exact(values: Any, kind: ColumnKind, place: str) -> NDArray[Any]:
    """`values` as an array of `kind` that holds the same values; RecordError naming `place` where it could not.

    Refused are fractions and numbers beyond 64 bits where whole ones are declared, other numbers than 0 and 1 as flags,
    complex numbers, texts and objects as numbers.
    """
    if kind is ColumnKind.TEXT:
        return np.ascontiguousarray(values, dtype=kind.dtype)
    try:
        found = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        found = np.empty(1, dtype=object)
    if found.size == 0:
        return np.ascontiguousarray(found, dtype=kind.dtype)
    converted = None
    if found.dtype.kind in _SOUND[kind]:
        with np.errstate(invalid="ignore"):  # what is no number is found by comparing
            converted = np.ascontiguousarray(found, dtype=kind.dtype)
    if converted is None or (found.dtype != converted.dtype and not _is_same(found, converted)):
        shown = np.asarray(values, dtype=object).ravel()[:3].tolist()
        raise RecordError(f"{place} is declared to hold {_WORDS[kind]}, and {shown} cannot be kept as that.")
    return converted


_SOUND = {ColumnKind.NUMBER: "fiu", ColumnKind.WHOLE: "iuf", ColumnKind.FLAG: "biu"}
_WORDS = {
    ColumnKind.NUMBER: "real numbers",
    ColumnKind.WHOLE: "whole numbers of 64 bits",
    ColumnKind.FLAG: "yes or no",
}
_LARGEST = 1 << 63


def _is_same(given: NDArray[Any], converted: NDArray[Any]) -> bool:
    """Whether no value changed on the way; numbers of more digits than a double has count as the same."""
    if converted.dtype.kind == "f":
        return True
    if given.dtype.kind == "f" and not (np.abs(given) < _LARGEST).all():
        return False
    return bool((converted == given).all()) and bool(
        (np.sign(converted.astype(float)) == np.sign(given)).all()
    )


def flag(place: str) -> Callable[[Any], bool]:
    """Converter of flags, quick for those of Python."""

    def convert(value: Any) -> bool:
        return value if type(value) is bool else bool(exact(value, ColumnKind.FLAG, place).item())

    return convert


def whole(place: str) -> Callable[[Any], int]:
    """Converter of whole numbers, quick for those of Python."""

    def convert(value: Any) -> int:
        if type(value) is int and -_LARGEST <= value < _LARGEST:
            return value
        return int(exact(value, ColumnKind.WHOLE, place).item())

    return convert


def number(place: str, optional: bool) -> Callable[[Any], float]:
    """Converter of real numbers, quick for those of Python; optional: None is nan."""

    def convert(value: Any) -> float:
        if type(value) is float:
            return value
        if value is None and optional:
            return float("nan")
        return float(exact(value, ColumnKind.NUMBER, place).item())

    return convert


def text_of(value: Any, place: str) -> str:
    """A text, or the value of an enum, that a file can keep; None is empty. Raises RecordError."""
    if value is None:
        return ""
    text = str(value.value) if isinstance(value, Enum) else str(value)
    return kept_text(text, place)


def kept_text(text: str, place: str) -> str:
    """`text` as it is; RecordError naming `place` when HDF5 or UTF-8 cannot hold it."""
    if "\0" in text or not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = f"{text}\0"
        if "\0" in text:
            raise RecordError(
                f"{place} holds the text {text.rstrip(chr(0))!r} with a zero character or half of a surrogate pair, "
                "which no file can keep: replace it before it is yielded."
            )
    return text


def kept_name(name: str, of: str) -> str:
    """`name` as it is; RecordError when nothing in a file can be called so."""
    if not isinstance(name, str) or not name.strip() or name in (".", ".."):
        raise RecordError(f"{name!r} cannot be the name of {of}: give it one with letters.")
    return kept_text(name, f"the name of {of}")


def sound_picture(picture: Picture) -> Picture:
    """`picture` with real numbers as values; RecordError when a part of it cannot be kept as it is."""
    name = kept_name(picture.name, "a picture")
    values = exact(picture.values, ColumnKind.NUMBER, f"the picture '{name}'").reshape(
        np.shape(picture.values)
    )
    for axis in picture.axes:
        kept_name(axis, f"an axis of the picture '{name}'")
    if picture.axes and (len(picture.axes) != values.ndim or len({"values", *picture.axes}) <= values.ndim):
        raise RecordError(
            f"the picture '{name}' has the axes {', '.join(picture.axes)} and {values.ndim} dimensions: name each "
            "once, and none 'values'."
        )
    return replace(picture, values=values, unit=kept_text(picture.unit, f"the unit of the picture '{name}'"))
