"""The sandboxed Lua 5.1 that plays the TSP firmware: compiling, running, interrupting chunks."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from lupa import lua51

from labctl.sim.tsp_worker import ScriptEnded, Worker

_HOOK_INTERVAL = 1_000
"""VM instructions between two looks at the slice, some 5 us; 0.1 s where each compares two strings of megabytes."""
_MEMORY_KB = 8_192
"""What a script may keep; what a script of the laboratory needs many times over."""
_MEMORY_BACKSTOP = 16 << 20
"""Bytes at which Lua itself refuses to allocate, for what grows between two hooks: the longest string takes half."""
_CACHED_CHUNKS = 512

Chunk = Callable[[], object]


class ScriptFault(Exception):
    """A chunk that does not compile (-285) or fails while running (-286)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _refuse(_object: object, name: str, _setting: bool) -> str:
    raise AttributeError(f"{name} is not open to scripts")


def _located(kind: str, text: str) -> str:
    """An error text of Lua as TSP reports it."""
    first = text.split("\nstack traceback:", 1)[0].splitlines() or ["unknown error"]
    found = re.match(r"tsp:(\d+): (.*)", first[0])
    return f"{kind} at line {found[1]}: {found[2]}" if found else f"{kind}: {first[0]}"


class LuaRuntime:
    """One Lua state behind typed doors (lupa ships no types).

    worker: what a chunk runs in; post: puts an error (code, message) into the queue; emit: takes a printed
    line; now: bench time for `os.time`.
    """

    def __init__(
        self,
        worker: Worker,
        post: Callable[[int, str], None],
        emit: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self.post = post
        lua = lua51.LuaRuntime(
            encoding="latin-1",
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_refuse,
            max_memory=_MEMORY_BACKSTOP,
        )
        host = lua.table_from(
            {
                "pause": worker.tick,
                "ending": lambda: worker.ending,
                "leave": worker.leave,
                "emit": emit,
                "now": now,
                "interval": _HOOK_INTERVAL,
                "memory_limit": _MEMORY_KB,
            }
        )
        lua.execute(files("labctl.sim").joinpath("tsp_patterns.lua").read_text("utf-8"), lua.globals().string)
        prelude: Any = lua.execute(files("labctl.sim").joinpath("tsp_prelude.lua").read_text("utf-8"), host)
        self.branch: Callable[..., tuple[Any, Any, Any, Any]] = prelude["branch"]
        self.call: Callable[[Callable[..., Any], int], object] = prelude["call"]
        self.set_digits: Callable[[int], None] = prelude["set_digits"]
        self.number: Callable[[float], str] = prelude["number"]
        self.set_global: Callable[[str, object], None] = prelude["set_global"]
        self.get_global: Callable[[str], object] = prelude["get_global"]
        self._compile: Callable[[str, str], Any] = prelude["compile"]
        self._run: Callable[[Chunk], object] = prelude["run"]
        self._table_type = type(prelude)
        self._chunks: dict[str, Chunk] = {}

    def compiled(self, source: str) -> Chunk:
        """The chunk of `source`, from the cache when it was compiled before; `ScriptFault` -285."""
        chunk = self._chunks.get(source)
        if chunk is None:
            result = self._compile(source, "tsp")
            if isinstance(result, tuple):
                raise ScriptFault(-285, _located("TSP Syntax error", str(result[1])))
            chunk = result
            if "setfenv" not in source:  # a chunk that changes its own environment is not the same twice
                if len(self._chunks) >= _CACHED_CHUNKS:
                    self._chunks.clear()
                self._chunks[source] = chunk
        return chunk

    def run(self, chunk: Chunk) -> None:
        """Run a chunk to its end; `ScriptFault` -286, `ScriptEnded` when it was told to end."""
        try:
            self._run(chunk)
        except lua51.LuaMemoryError:
            raise ScriptFault(-286, "TSP Runtime error: not enough memory") from None
        except lua51.LuaError as error:
            if str(error).startswith("script ended"):
                raise ScriptEnded from None
            raise ScriptFault(-286, _located("TSP Runtime error", str(error))) from None

    def numbers(self, table: object) -> list[float]:
        """The list in a leaf's argument; empty when it is no table of numbers."""
        if not isinstance(table, self._table_type):
            return []
        values = list(table.values())
        return [float(value) for value in values] if all(isinstance(v, (int, float)) for v in values) else []
