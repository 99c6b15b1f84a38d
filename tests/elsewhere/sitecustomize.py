"""Python runs this first in every program that a test starts: a virtual bench in it is judged too.

The test run puts this folder on PYTHONPATH, and names in LABCTL_TESTS_FOUND a folder for what the judges find.
Nothing is imported before the program itself imports the virtual bench.
"""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

WATCHED = {
    "labctl.bench.station": lambda observer, module: observer.watch_suite(Lasting(), module.Bench),
    "labctl.sim.workbench": lambda observer, module: observer.watch_instruments(Lasting(), module.Workbench),
    "labctl.sim.server": lambda observer, module: observer.watch_servers(Lasting(), module.BenchServer),
}
"""What is done to a module once it has been imported."""


class Lasting:
    """Sets attributes for the life of the process, where a test would set them back."""

    def setattr(self, owner, name, value):
        setattr(owner, name, value)


class WhenImported:
    """Finds the watched modules as they are always found, and watches them."""

    def __init__(self, found):
        self._found = found
        self._observer = None
        self._waiting = []
        self._busy = False

    def find_spec(self, name, path=None, target=None):
        if name not in WATCHED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def executed(module):
                execute(module)
                self._waiting.append(module)
                self._watch()

            spec.loader.exec_module = executed
        return spec

    def _watch(self):
        """Watch what waits; importing the judge may import more of it."""
        if self._busy:
            return
        self._busy = True
        try:
            if self._observer is None:
                self._observer = self._made()
            while self._waiting:
                module = self._waiting.pop()
                WATCHED[module.__name__](self._observer, module)
        finally:
            self._busy = False

    def _made(self):
        sys.path.insert(0, str(Path(__file__).parents[2]))
        try:
            from tests.bench.watching import Observer
        finally:
            sys.path.pop(0)
        return Observer(self._found / f"{os.getpid()}.found")


if "LABCTL_TESTS_FOUND" in os.environ:
    sys.meta_path.insert(0, WhenImported(Path(os.environ["LABCTL_TESTS_FOUND"])))
