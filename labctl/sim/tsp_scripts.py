"""Loading and naming scripts: `loadscript` ... `endscript`, `script.*`."""

from __future__ import annotations

from labctl.sim.tsp_runtime import Chunk, LuaRuntime, ScriptFault
from labctl.sim.tsp_tree import Branch, TspError


class Scripts:
    """Takes lines one at a time and tells what each sets going."""

    def __init__(self, runtime: LuaRuntime) -> None:
        self._runtime = runtime
        self._source: list[str] | None = None
        self._name, self._run_at_end = "", False
        self._anonymous: Chunk | None = None

    @property
    def loading(self) -> bool:
        """Whether lines are being collected for a script."""
        return self._source is not None

    def cancel(self) -> None:
        """Forget a script that is only half sent."""
        self._source = None

    def fed(self, line: str) -> Chunk | None:
        """The chunk that `line` asks to run, None when it only belongs to a script; `ScriptFault` -285."""
        words = line.split()
        if self._source is None:
            if words and words[0] in ("loadscript", "loadandrunscript"):
                self._source, self._run_at_end = [], words[0] == "loadandrunscript"
                self._name = words[1] if len(words) > 1 else ""
                return None
            return self._runtime.compiled(line)
        if words != ["endscript"]:
            self._source.append(line)
            return None
        source, self._source = "\n".join(self._source), None
        chunk = self._store(self._name, source)
        return chunk if self._run_at_end else None

    def _store(self, name: str, source: str) -> Chunk:
        """Compile a script; a named one becomes a global of that name."""
        if name and not name.isidentifier():
            raise ScriptFault(-282, "Illegal program name")
        chunk = self._runtime.compiled(source)
        if name:
            self._runtime.set_global(name, self._object(name, source, chunk).table)
        else:
            self._anonymous = chunk
        return chunk

    def _object(self, name: str, source: str, chunk: Chunk) -> Branch:
        """The table that stands for a named script: `NAME()`, `NAME.run()`, `NAME.source`."""

        def run() -> tuple[()]:
            chunk()
            return ()

        branch = Branch(self._runtime, called=run)
        branch.function("run", run)
        branch.function("save", lambda: ())
        branch.attribute("name", lambda: name)
        branch.attribute("source", lambda: source)
        return branch

    def _run_anonymous(self) -> tuple[()]:
        if self._anonymous is None:
            raise TspError(-292, "Referenced name does not exist")
        self._anonymous()
        return ()

    def _new(self, source: object, name: object = None) -> object:
        """`script.new(source, name)`."""
        if not isinstance(source, str) or not isinstance(name, (str, type(None))):
            raise TspError(-104, "Data Type")
        try:
            chunk = self._store(name or "", source)
        except ScriptFault as fault:
            raise TspError(fault.code, fault.message) from None
        return self._object(name or "", source, chunk).table

    def _delete(self, name: object) -> tuple[()]:
        if not isinstance(name, str) or self._runtime.get_global(name) is None:
            raise TspError(-292, "Referenced name does not exist")
        self._runtime.set_global(name, None)
        return ()

    def hang(self, branch: Branch) -> None:
        """Offer `script` to scripts."""
        branch.function("run", self._run_anonymous)
        branch.function("new", self._new)
        branch.function("delete", self._delete)
        branch.branch("anonymous", Branch(self._runtime, called=self._run_anonymous)).function(
            "run", self._run_anonymous
        )
