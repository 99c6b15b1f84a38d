"""Sets a judge over every virtual bench of a process: it hears what the instruments hear, through VISA or a socket."""

from pathlib import Path

from labctl.core.errors import LabError
from labctl.core.paths import find_bench
from tests.bench.invariants import Judge

IN_PROCESS = "@labctl"
VOLTS = 1
"""The function number of a voltage source: see the manual's `smuX.source.func`."""


class Observer:
    """Every judge since `begin`, and what they found."""

    def __init__(self, notes=None):
        """notes: file to which what is found is written at once, for a process that may be killed."""
        self.judges = []
        self._notes = notes
        self._open = {}  # judges of benches that exist, by the bench
        self._beliefs = []  # of benches of the suite that are being opened just now
        self._elsewhere = None

    def begin(self, elsewhere=None):
        """A new test: of the benches before it only those are remembered that are still open.

        elsewhere: folder in which other processes of the test leave their notes.
        """
        self.judges = list(self._open.values())
        self._elsewhere = elsewhere

    @property
    def violations(self):
        """What any of the judges found, here or in another process."""
        found = [what for judge in self.judges for what in judge.violations]
        return found + [
            what for file in self._files() for what in file.read_text(encoding="utf-8").splitlines()
        ]

    def forgive(self):
        """Forget what was found: for tests that break a rule on purpose."""
        for judge in self.judges:
            judge.violations.clear()
        for file in self._files():
            file.unlink(missing_ok=True)

    def account(self):
        """Compare every bench that is still in use with its ledger."""
        for judge in list(self._open.values()):
            judge.finish()

    def judge_of(self, bench):
        """The judge over a virtual `bench`."""
        return self._open[bench]

    def _files(self):
        return [] if self._elsewhere is None else sorted(Path(self._elsewhere).glob("*.found"))

    def watch_instruments(self, patch, workbench):
        """Listen to every virtual bench, an instance of the class `workbench`, until `patch` is undone."""
        make, close = workbench.__init__, workbench.close

        def made(bench, file):
            make(bench, file)
            judge = self._open[bench] = Judge(file)
            if self._notes is not None:
                judge.violations = Noted(self._notes)
            self.judges.append(judge)
            for address, device in bench.instruments.items():
                Ear(judge, address, device)
            for belief in self._beliefs:
                if belief.library.endswith(IN_PROCESS) and _same(belief, file):
                    judge.opened_by(belief)

        def closed(bench):
            judge = self._open.pop(bench, None)
            if judge is not None:
                judge.left_alone()
            close(bench)

        patch.setattr(workbench, "__init__", made)
        patch.setattr(workbench, "close", closed)

    def watch_servers(self, patch, server_class):
        """Know at which sockets a served virtual bench is found."""
        serve = server_class.__init__

        def served(server, bench, **how):
            serve(server, bench, **how)
            if bench in self._open:
                self._open[bench].addresses = set(server.addresses.values())

        patch.setattr(server_class, "__init__", served)

    def watch_suite(self, patch, bench_class):
        """Know when the suite opens and leaves a bench, for then its ledger must account for what is heard."""
        begin, end, make_safe = bench_class.__init__, bench_class.close, bench_class.make_safe

        def begun(bench, file):
            judge = self._judge_for(file)
            holder = None if judge is None else judge.belief
            if judge is not None:
                judge.opened_by(file)
            self._beliefs.append(file)
            try:
                begin(bench, file)
            except BaseException:
                if holder is None:
                    self._left(file)
                else:  # refused: somebody else holds the bench, and goes on
                    judge.opened_by(holder)
                raise
            finally:
                self._beliefs.remove(file)

        def safe(bench):
            unsafe = make_safe(bench)
            judge = self._judge_for(bench.file)
            if judge is not None and not unsafe:
                judge.made_safe()
            return unsafe

        def ended(bench):
            judge = self._judge_for(bench.file)
            if judge is not None and bench._is_left_safe:
                judge.made_safe()
            try:
                end(bench)
            finally:
                self._left(bench.file)

        patch.setattr(bench_class, "__init__", begun)
        patch.setattr(bench_class, "close", ended)
        patch.setattr(bench_class, "make_safe", safe)

    def _judge_for(self, belief):
        """The judge over the instruments that a bench file of the suite names, if they are in this process."""
        for judge in list(self._open.values()):  # a server's thread may close one
            here = belief.library.endswith(IN_PROCESS) and _same(belief, judge.file)
            if here or judge.addresses == set(belief.visa.addresses.values()):
                return judge
        return None

    def _left(self, belief):
        judge = self._judge_for(belief)
        if judge is not None and judge.belief is belief:
            judge.left_alone()


class Noted(list):
    """Sentences, each written to a file at once."""

    def __init__(self, file):
        super().__init__()
        self._file = file

    def append(self, what):
        super().append(what)
        with Path(self._file).open("a", encoding="utf-8") as notes:
            notes.write(f"{what}\n")


class Ear:
    """Beside one instrument: what it is told, line by line, goes to the judge before it is obeyed."""

    def __init__(self, judge, address, device):
        self._judge, self._address, self._device = judge, address, device
        self._receive, self._transmit, self._clear = device.receive, device.transmit, device.clear
        self._told = self._said = b""
        device.receive, device.transmit, device.clear = self.receive, self.transmit, self.clear

    def receive(self, data, end):
        lines = (self._told + data).split(b"\n")
        self._told = b"" if end else lines.pop()
        for line in lines:
            if line.strip():
                self._judge.message(self._address, line.decode(errors="replace"))
        self._receive(data, end)
        if any(line.strip() == b"abort" for line in lines):
            self._judge.cleared(self._address, self._standing())

    def transmit(self, count):
        chunk, ended = self._transmit(count)
        *lines, self._said = (self._said + chunk).split(b"\n")
        for line in lines:
            self._judge.answer(self._address, line.decode(errors="replace"))
        return chunk, ended

    def clear(self):
        self._clear()
        self._told = self._said = b""
        self._judge.cleared(self._address, self._standing())

    def _standing(self):
        channels = getattr(self._device, "channels", {})
        return {letter: (each.source.level[VOLTS], each.source.on) for letter, each in channels.items()}


def _same(belief, truth):
    """Whether the library of a bench file of the suite is the virtual bench that lives by `truth`."""
    try:
        return find_bench(belief.library.removesuffix(IN_PROCESS)).resolve() == truth.source.resolve()
    except LabError:
        return False


OBSERVER = Observer()
"""The one of this process."""
