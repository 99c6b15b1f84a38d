"""A run as views see it, made from row dataclasses in memory."""

from collections import defaultdict
from pathlib import Path

from labctl.core.rows import Picture
from labctl.gui.run_data import GrowingTable
from labctl.record.columns import TIMES, layout, stack
from labctl.record.outcome import Outcome


class StandInRun:
    """A RunLike that grows by `add`."""

    def __init__(self, name="run", outcome=None, **parameters):
        self.folder = Path(name)
        self.head = {"simulated": True, "procedure": "crossbar_program"}
        self.parameters = {key: {"applied": value, "unit": ""} for key, value in parameters.items()}
        self.tables = {}
        self.pictures = {}
        self.outcome = outcome
        self._time = 0.0

    def add(self, *rows):
        """Rows and pictures, a second apart."""
        by_kind = defaultdict(list)
        for row in rows:
            if isinstance(row, Picture):
                self.pictures[row.name] = row
                continue
            self._time += 1.0
            by_kind[type(row)].append([self._time, self._time, *layout(type(row)).values(row)])
        for kind, values in by_kind.items():
            columns = (*TIMES, *layout(kind).columns[2:])
            table = self.tables.setdefault(kind.__name__, GrowingTable({c.name: c.unit for c in columns}))
            table.extend(stack(columns, values))
        return self

    def end(self):
        """The run is over."""
        self.outcome = Outcome("finished")
        return self


def books(words, bits, **known):
    """A message of the engine: nothing known but `conductance`, `pulses`, `conducted` of cells by (word, bit)."""
    blank = {"conductance": None, "pulses": 0, "conducted": False}
    return {
        name: [[known.get(name, {}).get((word, bit), value) for bit in range(bits)] for word in range(words)]
        for name, value in blank.items()
    }
