"""The crossbar solver against operating points made with ngspice (cases/*.json; made for this project)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labctl.physics.crossbar import SMALLEST_RESISTANCE, Crossbar, Field, Terminals

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
SIDES = ("left", "right", "top", "bottom")


def resistance(values: list[Any]) -> np.ndarray:
    """null = broken wire."""
    return np.array([[np.inf if v is None else v for v in row] for row in values], dtype=float)


class Reference:
    """One reference file, translated into terminal conductances at both ends of every line."""

    def __init__(self, network: dict[str, Any]) -> None:
        self.conductance = np.array(network["G"], dtype=float)
        law = network["device"]
        shape = self.conductance.shape
        self.inverse_v0 = np.zeros(shape)
        if law["law"] == "sinh":
            self.inverse_v0[:] = 1.0 / np.broadcast_to(np.array(law["V0"], float), shape)
        for change in network["overrides"]:
            cell = tuple(change["cell"])
            self.conductance[cell] = change.get("G", 0.0) if change["law"] != "open" else 0.0
            self.inverse_v0[cell] = 1.0 / change["V0"] if change["law"] == "sinh" and "V0" in change else (
                self.inverse_v0[cell] if change["law"] == "sinh" else 0.0)  # fmt: skip
        rows, cols = resistance(network["row_segments"]), resistance(network["col_segments"])
        self.wires = Crossbar(*shape, rows[:, 1:-1], cols[1:-1, :])
        self.outer = {"left": rows[:, 0], "right": rows[:, -1], "top": cols[0], "bottom": cols[-1]}
        self.terminals = network["terminals"]

    def settle(self) -> tuple[dict[str, np.ndarray], Field]:
        """Solve with the active set of hard-limited terminals; currents positive into the array."""
        limited: dict[tuple[str, int], float] = {}
        for _ in range(20):
            currents, voltages, field = self.solve(limited)
            changed = False
            for side in SIDES:
                for i, t in enumerate(self.terminals[side]):
                    if t["kind"] != "voltage" or "I_max" not in t or t["I_max"] is None:
                        continue
                    key, current = (side, i), currents[side][i]
                    if key not in limited and abs(current) > t["I_max"] * (1 + 1e-9):
                        limited[key] = np.copysign(t["I_max"], current)
                        changed = True
                    elif key in limited and (voltages[side][i] - t["V"]) * np.sign(limited[key]) > 0:
                        del limited[key]
                        changed = True
            if not changed:
                return currents, field
        raise AssertionError("active set did not settle")

    def solve(self, limited: dict[tuple[str, int], float]) -> tuple[dict[str, Any], dict[str, Any], Field]:
        ends: dict[str, np.ndarray] = {}
        for side in SIDES:
            count = len(self.terminals[side])
            g, v, forced = np.zeros(count), np.zeros(count), np.zeros(count)
            for i, t in enumerate(self.terminals[side]):
                if (side, i) in limited:
                    forced[i] = limited[side, i]
                elif t["kind"] == "current":
                    forced[i] = t["I"]
                elif t["kind"] == "voltage":
                    g[i] = 1.0 / max(self.outer[side][i] + t["Rs"], SMALLEST_RESISTANCE)
                    v[i] = t["V"]
            ends |= {f"{side}_conductance": g, f"{side}_voltage": v, f"{side}_current": forced}
        field = self.wires.solve(self.conductance, self.inverse_v0, Terminals(**ends), accuracy=1e-12)
        node = {
            "left": field.word[:, 0],
            "right": field.word[:, -1],
            "top": field.bit[0],
            "bottom": field.bit[-1],
        }
        currents, voltages = {}, {}
        for side in SIDES:
            g, v, forced = (ends[f"{side}_{what}"] for what in ("conductance", "voltage", "current"))
            currents[side] = np.where(g > 0, g * (v - node[side]), forced)
            voltages[side] = node[side] + np.where(
                forced == 0, 0.0, forced * np.nan_to_num(self.outer[side], posinf=0.0)
            )
        for one, other, axis, sign in (("left", "right", 1, 1), ("bottom", "top", 0, -1)):
            alone = (ends[f"{other}_conductance"] == 0) & (ends[f"{one}_conductance"] > 0)
            line = (
                sign * field.current.sum(axis=axis) - currents[other]
            )  # no difference of potentials over 1 uohm
            currents[one] = np.where(alone, line, currents[one])
        return currents, voltages, field


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_terminal_currents_and_voltages_agree_with_ngspice(path: Path) -> None:
    case = json.loads(path.read_text())
    sequence = any("set_G" in point["change"] for point in case["points"])
    reference = Reference(case["network"])
    for point in case["points"]:
        if not sequence:
            reference = Reference(case["network"])
        reference.terminals = reference.terminals | point["change"].get("terminals", {})
        for i, j, g in point["change"].get("set_G", []):
            reference.conductance[i, j] = g
        currents, field = reference.settle()
        expected = point["expected"]
        want = np.concatenate([expected["terminal_currents"][side] for side in SIDES])
        got = np.concatenate([currents[side] for side in SIDES])
        assert np.abs(got - want).max() <= 1e-8 * np.abs(want).max()
        known_volts = [v for side in SIDES for v in expected["terminal_voltages"][side] if v is not None]
        largest = np.abs(known_volts).max()
        for name, mine in (("row_node_voltages", field.word), ("col_node_voltages", field.bit)):
            if name in expected:
                table = np.array(expected[name], dtype=float)  # null becomes NaN: nothing defines it
                known = np.isfinite(table)
                assert np.abs(mine - table)[known].max() <= 1e-8 * largest
