"""Python leaves as Lua tables: getters, setters, functions and constants under metatables as TSP shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from math import isfinite
from typing import Any

from labctl.sim.tsp_runtime import LuaRuntime

Leaf = Callable[..., Any]
"""Called with Lua values (None, bool, int, float, str, table or a branch's owner), returns the like."""


class TspError(Exception):
    """An error for the queue; the command has no effect and the script goes on."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def number(value: object) -> float:
    """`value` as a float; `TspError` -104 when it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise TspError(-104, "Data Type")
    return float(value)


def within(value: object, low: float, high: float) -> float:
    """`value` as a float in [low, high]; `TspError` 1101 or 1102 outside (2600 error table)."""
    checked = number(value)
    if checked > high:
        raise TspError(1101, "Parameter Too Big")
    if checked < low:
        raise TspError(1102, "Parameter Too Small")
    return checked


def whole(value: object, low: int, high: int) -> int:
    """`value` as an integer in [low, high]; `TspError` as `within`, 1401 when it is not whole."""
    checked = within(value, low, high)
    if checked != int(checked):
        raise TspError(1401, "Parameter 1 is invalid")
    return int(checked)


class Setting:
    """A number the instrument remembers, refused outside [low, high]."""

    def __init__(self, default: float, low: float, high: float, *, step: float = 0.0) -> None:
        self.value, self._default, self._low, self._high, self._step = default, default, low, high, step

    def read(self) -> float:
        """The present value."""
        return self.value

    def write(self, value: object) -> None:
        """Take a new value; `TspError` as `within` and `whole` (step 1: integers only)."""
        checked = within(value, self._low, self._high)
        self.value = whole(value, int(self._low), int(self._high)) if self._step else checked

    def reset(self) -> None:
        """Back to the value at power on."""
        self.value = self._default


class Branch:
    """One node of the command tree.

    owner:   the Python object that leaves receive when this table is passed to them as an argument.
    luatype: what `getmetatable(table).luatype` tells; "reading_buffer" allows integer keys in clients.
    index:   leaf for integer keys; called: leaf for calling the table itself.
    """

    def __init__(
        self,
        runtime: LuaRuntime,
        *,
        luatype: str | None = None,
        owner: object = None,
        index: Leaf | None = None,
        called: Leaf | None = None,
    ) -> None:
        self._runtime = runtime
        self.table, self._getters, self._setters, self._objects = runtime.branch(
            luatype, owner, index and self._guarded(index), called and self._guarded(called)
        )

    def _guarded(self, leaf: Leaf) -> Leaf:
        post = self._runtime.post

        def guarded(*arguments: Any) -> Any:
            try:
                return leaf(*arguments)
            except TspError as error:
                post(error.code, error.message)
                return ()

        return guarded

    def _wrapped(self, leaf: Leaf) -> object:
        parameters = inspect.signature(leaf).parameters.values()
        variadic = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
        return self._runtime.call(self._guarded(leaf), -1 if variadic else len(parameters))

    def constant(self, name: str, value: float | str) -> None:
        """A fixed value, such as OUTPUT_ON."""
        self._objects[name] = value

    def function(self, name: str, leaf: Leaf) -> None:
        """A function; one that returns `()` prints an empty line."""
        self._objects[name] = self._wrapped(leaf)

    def attribute(self, name: str | int, read: Leaf, write: Leaf | None = None) -> None:
        """A value that can be read and, with `write`, assigned."""
        self._getters[name] = self._runtime.call(self._guarded(read), 0)
        if write is not None:
            self._setters[name] = self._runtime.call(self._guarded(write), 1)

    def setting(self, name: str, setting: Setting) -> None:
        """A `Setting` under its name."""
        self.attribute(name, setting.read, setting.write)

    def branch(self, name: str | int, child: Branch) -> Branch:
        """Hang `child` below this node and return it."""
        self._objects[name] = child.table
        return child
