"""The roll call of a bench: what each instrument is, what it is there for, how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.formfactor.velox import Velox
from instruments.keithley.k707 import Keithley707B
from instruments.keithley.k2600 import Keithley2600B
from instruments.lakeshore.m336 import LakeShore336
from labctl.benchfile import BenchFile
from labctl.core.errors import LabError
from labctl.core.quantity import show
from labctl.driver import Driver

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


def checked(file: BenchFile, name: str, driver: Driver, identity: str) -> CheckedInstrument:
    """Ask `driver`, which the bench file calls `name`, how it stands and what it complains about; nothing moves."""
    state, verdict = "", SOUND
    try:
        state = _state(driver)
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


def _state(driver: Driver) -> str:
    if isinstance(driver, Keithley2600B):
        states = {letter: channel.read_state() for letter, channel in driver.channels.items()}
        return ", ".join(
            f"{letter} {show(level, 'V')} {'on' if on else 'off'}" for letter, (on, level) in states.items()
        )
    if isinstance(driver, Keithley707B):
        return f"{len(driver.closed())} relays closed"
    if isinstance(driver, LakeShore336):
        return show(driver.temperature(), "K")
    if isinstance(driver, Velox):
        driver.locate()
        if driver.position is None:
            return "on no die of a loaded map"
        return f"{driver.position}, {'in contact' if driver.position.in_contact else 'separated'}"
    return ""


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
