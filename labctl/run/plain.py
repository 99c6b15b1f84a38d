"""Events as plain data: what goes over a pipe as JSON, the same for every observer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from labctl.core.rows import Block
from labctl.record.provenance import procedure_name
from labctl.run.events import Acquired, Ended, Event, Paused, Pictured, Progressed, Resumed, Started

Message = dict[str, Any]


def plain(event: Event) -> Message:
    """`event` as a mapping whose `event` says what it is; numbers without end become None."""
    match event:
        case Started():
            return {
                "event": "started",
                "procedure": procedure_name(type(event.procedure)),
                "folder": str(event.folder),
                "simulated": event.simulated,
                "warnings": list(event.warnings),
            }
        case Acquired(Block(kind, columns)):
            return {"event": "block", "kind": kind.__name__, "columns": _plain(columns)}
        case Acquired(row):
            return {"event": "row", "kind": type(row).__name__, "values": _fields(row)}
        case Pictured(picture):
            return {"event": "picture", **_fields(picture)}
        case Progressed(progress):
            return {"event": "progress", **_fields(progress)}
        case Paused(at_rest):
            return {"event": "paused", "at_rest": at_rest}
        case Resumed():
            return {"event": "resumed"}
        case Ended():
            return {"event": "ended", **_fields(event)}


def encoded(message: Message) -> bytes:
    """`message` as JSON in UTF-8."""
    return json.dumps(message, allow_nan=False).encode()


def decoded(data: bytes) -> Message:
    """The mapping in `data`; ValueError when it is none."""
    message = json.loads(data.decode())
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")
    return message


def _fields(value: object) -> Message:
    if not is_dataclass(value):
        return {"value": _plain(value)}
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, Path) or not is_dataclass(value) else _fields(value)
