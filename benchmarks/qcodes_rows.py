"""QCoDeS's rows per second, alone: any interpreter that has QCoDeS runs this file. `python qcodes_rows.py FOLDER S`."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path

VALUES = {"voltage": 0.1, "current": 1.234567e-6, "conductance": 1.234567e-5, "temperature": 296.15}


def rows_per_second(folder: Path, seconds: float) -> float:
    """Rows of `VALUES` by QCoDeS's `Measurement` with its own settings into a database in `folder`."""
    os.environ.setdefault("QCODES_USER_PATH", str(folder))
    dataset = importlib.import_module("qcodes.dataset")
    dataset.initialise_or_create_database_at(str(folder / "qcodes.db"))
    experiment = dataset.load_or_create_experiment("bench", "none")
    measurement = dataset.Measurement(exp=experiment)
    for name in VALUES:
        measurement.register_custom_parameter(name)
    values = list(VALUES.items())
    with measurement.run() as saver:
        saver.add_result(*values)
        rows, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            saver.add_result(*values)
            rows += 1
        return rows / (time.perf_counter() - start)


if __name__ == "__main__":
    print(rows_per_second(Path(sys.argv[1]), float(sys.argv[2])))
