"""What a program of labctl loads, loaded once for many: see `tests.programs`."""

import labctl.catalogue
import labctl.cli.app
import labctl.run.session
import labctl.sim.workbench
import labctl.wafer.campaign
from labctl.physics.crossbar import solve_lines

__all__ = ["labctl", "solve_lines"]

solve_lines(
    [[1e-5]], [0.1], [0.0], segment_resistance=1.0, word_resistance=1.0, bit_resistance=1.0
)  # compiled code is loaded by its first use
