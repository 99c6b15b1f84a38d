"""The roll call of a bench: what each instrument is, what it is there for, how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.benchfile import BenchFile
from labctl.core.capabilities import Instrument
from labctl.core.errors import LabError

SOUND = "in order"


@dataclass(frozen=True)
class CheckedInstrument:
    """One line of `labctl bench check`: what an instrument is, what it is there for, how it stands."""

    name: str
    driver: str
    address: str
    role: str
    identity: str
    state: str
    verdict: str

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.verdict == SOUND


def checked(file: BenchFile, name: str, driver: Instrument, identity: str) -> CheckedInstrument:
    """Ask `driver`, which the bench file calls `name`, how it stands and what it complains about; nothing moves."""
    state, verdict = "", SOUND
    try:
        state = driver.status()
        complaints = driver.errors()
        if complaints:
            verdict = "; ".join(complaints)
    except LabError as error:
        verdict = str(error)
    return CheckedInstrument(
        name=name,
        driver=file.instruments[name].driver,
        address=file.visa.addresses[name],
        role=_role(file, name),
        identity=identity,
        state=state,
        verdict=verdict,
    )


def _role(file: BenchFile, name: str) -> str:
    """What the bench file wants of an instrument."""
    entry = file.instruments[name]
    if entry.cards:
        return f"matrix, {entry.matrix_columns} columns"
    if file.stage is not None and file.stage.instrument == name:
        return f"stage, loop {file.stage.loop}"
    if file.prober is not None and file.prober.instrument == name:
        return "prober"
    jobs = [
        f"{wire.terminal.partition('.')[2]} row {letter}"
        for letter, wire in file.wiring.rows.items()
        if wire.terminal.startswith(f"{name}.")
    ]
    heaters = sorted(heater for heater, (owner, _) in file.relays.items() if owner == name)
    return ", ".join(jobs + ([f"relays of {len(heaters)} heaters"] if heaters else [])) or "unused"
