"""A small virtual laboratory for tests in which the suite dies and the sample lives on."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labctl.benchfile import load_bench, read_bench
from labctl.core.clock import WallClock
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.server import BenchServer
from labctl.sim.workbench import Workbench
from tests.bench.watching import OBSERVER
from tests.programs import Program, start
from tests.sim.serving import at_work

WORDS, BITS = 4, 2


def small_bench(
    folder: Path, seed: int = 20231, *, words: int = WORDS, bits: int = BITS, sample: str = ""
) -> Path:
    """A virtual bench of few cells, its sample (if none is named) in `folder` too; the path of its bench file."""
    text = load_bench("virtual_56x8").text
    sample = sample or (folder / "sample.npz").as_posix()
    for old, new in (
        ('"1-56" = "word 0-55"', f'"1-{words}" = "word 0-{words - 1}"'),
        ('"57-64" = "bit 0-7"', f'"57-{56 + bits}" = "bit 0-{bits - 1}"'),
        ('"65-72" = "neuron 0-7"', f'"65-{64 + bits}" = "neuron 0-{bits - 1}"'),
        ('"smu3 1-8" = "heater 0-7"', f'"smu3 1-{bits}" = "heater 0-{bits - 1}"'),
        ("word_lines = 56", f"word_lines = {words}"),
        ("bit_lines = 8", f"bit_lines = {bits}"),
        ('sample = "virtual_56x8"', f'sample = "{sample}"'),
        ("seed = 20231", f"seed = {seed}"),
    ):
        assert old in text, f"the bench file no longer holds {old!r}"
        text = text.replace(old, new)
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def target_map(folder: Path, cells: Mapping[tuple[int, int], float], name: str = "target") -> Path:
    """A map of conductances (S) for some cells; the others are left alone."""
    wanted = np.full((WORDS, BITS), np.nan)
    for cell, conductance in cells.items():
        wanted[cell] = conductance
    path = folder / f"{name}.npy"
    np.save(path, wanted)
    return path


class Tapped:
    """A virtual instrument whose messages are written down on their way in."""

    def __init__(self, device: VirtualInstrument, messages: list[str]) -> None:
        self._device, self._messages = device, messages

    def receive(self, data: bytes, end: bool) -> None:
        self._messages.extend(data.decode("latin-1").splitlines())
        self._device.receive(data, end)

    def __getattr__(self, name: str):
        return getattr(self._device, name)


@dataclass
class Lab:
    """A served bench: its instruments live in this process, the suite in another."""

    bench: Workbench
    lab_file: Path
    out: Path
    server: BenchServer | None = None
    messages: list[str] = field(default_factory=list)
    wall: WallClock = field(default_factory=WallClock)

    def pulses(self) -> int:
        """Write pulses that have reached an instrument."""
        return sum(is_pulse(message) for message in tuple(self.messages))

    def is_left_alone(self) -> bool:
        """Whether nobody is connected any longer, and nothing is on its way."""
        return not any(served.connections for served in self.server._served)

    def live_outputs(self) -> dict[str, str]:
        """Source-measure units that are not at 0 V and off, asked over a connection of our own."""
        ends = [f"smu{letter}.source.{end}" for letter in "ab" for end in ("levelv", "output")]
        found = {}
        for name, address in self.server.addresses.items():
            if not name.startswith("smu"):
                continue
            _, host, port, _ = address.split("::")
            with (
                socket.create_connection((host, int(port)), timeout=10.0) as link,
                link.makefile("rb") as answers,
            ):
                link.sendall(f"print({', '.join(ends)})\n".encode())
                answer = answers.readline().decode().strip()
            if any(float(value) for value in answer.split()):
                found[name] = answer
        return found

    def account(self) -> None:
        """Let the judge compare what the instruments have heard with the ledger; from here on it counts anew.

        A pulse is in the ledger before it goes out: at every moment that is true of each that was heard. One that is
        only in the ledger, when its program was killed between the two, makes up for no other one later.
        """
        OBSERVER.judge_of(self.bench).opened_by(load_bench(self.lab_file))

    def kill(self, process: Program) -> None:
        """kill -9, and wait until its watchdog has gone too."""
        process.kill()
        process.communicate()
        assert self.wait_until(self.is_left_alone)
        self.account()

    def start(self, *command: str) -> Program:
        """`labctl COMMAND` in a process of its own."""
        return start(command, self.out.parent, LABCTL_SAMPLES=str(self.out.parent / "samples"))

    def wait_until(self, condition, seconds: float = 60.0) -> bool:
        """Look every few ms whether `condition()` holds; whether it did within `seconds`."""
        end = self.wall.now() + seconds
        while not condition():
            if self.wall.now() > end:
                return False
            self.wall.wait(0.003)
        return True


def is_pulse(message: str) -> bool:
    """Whether a message drives a cell beyond a read: levels up, a delay, levels down in one line."""
    return "delay(" in message and "levelv" in message


@contextmanager
def served(folder: Path, seed: int = 20231) -> Iterator[Lab]:
    """A small bench on sockets of this process, in a thread of its own."""
    truth = small_bench(folder, seed)
    bench = Workbench(read_bench(truth.read_text(encoding="utf-8"), truth))
    lab = Lab(bench, folder / "lab.toml", folder / "runs")
    bench.instruments = {
        address: Tapped(device, lab.messages) for address, device in bench.instruments.items()
    }
    server = BenchServer(bench, speed=0.0)
    lab.server = server
    server.write_bench(lab.lab_file)
    OBSERVER.judge_of(bench).opened_by(load_bench(lab.lab_file))
    with at_work(server, patience=20.0):
        yield lab
