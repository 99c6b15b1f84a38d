"""Virtual instruments on sockets: framing, answers, what ends a script, time, the sample, and our own bench on them."""

import socket
from contextlib import closing, contextmanager, suppress

import pytest

from labctl.bench import open_bench
from labctl.benchfile import load_bench, read_bench
from labctl.core.errors import LabError
from labctl.core.lines import Cell
from labctl.sim.sample import sample_path
from labctl.sim.server import CONNECTIONS, HOST, SAVE_EVERY, BenchServer
from labctl.sim.workbench import Workbench
from tests.sim.fakes import FakeClock
from tests.sim.serving import at_work


@pytest.fixture
def file(tmp_path):
    text = load_bench("virtual_56x8").text.replace(
        'sample = "virtual_56x8"', f'sample = "{(tmp_path / "sample.npz").as_posix()}"'
    )
    return read_bench(text, tmp_path / "truth.toml")


@contextmanager
def serving(file, **how):
    """A server at work."""
    server = BenchServer(Workbench(file), **how)
    with at_work(server):
        yield server


class Caller:
    """A program at the other end of a socket."""

    def __init__(self, server, name):
        port = int(server.addresses[name].split("::")[2])
        self.link = socket.create_connection((HOST, port), timeout=5.0)
        self.answers = self.link.makefile("rb")

    def say(self, text):
        self.link.sendall(text.encode())

    def ask(self, text):
        self.say(text + "\n")
        return self.hear()

    def hear(self):
        return self.answers.readline().decode().strip()

    def hang_up(self):
        self.answers.close()
        self.link.close()

    __enter__ = lambda self: self  # noqa: E731

    def __exit__(self, *_):
        self.hang_up()


def test_every_instrument_answers_at_a_loopback_port_of_its_own(file):
    with serving(file) as server:
        assert all(address.startswith("TCPIP::127.0.0.1::") for address in server.addresses.values())
        for name, model in {"matrix": "707B", "smu1": "2636B", "smu2": "2636B", "stage": "MODEL336"}.items():
            with Caller(server, name) as caller:
                assert model in caller.ask("*IDN?")


def test_a_message_ends_with_its_line_feed_and_not_with_its_packet(file):
    with serving(file) as server, Caller(server, "smu1") as caller:
        caller.say("print(1")
        caller.say("7)\nprint(2)\n")
        assert float(caller.hear()) == 17.0
        assert float(caller.hear()) == 2.0


def test_work_takes_bench_time_and_no_wall_time(file):
    with serving(file, speed=0.0) as server, Caller(server, "smu1") as caller:
        passed = caller.ask("timer.reset() delay(60) print(timer.measure.t())")
        assert float(passed) == pytest.approx(60.0, abs=0.1)


def test_an_endless_script_ends_with_the_connection_that_began_it(file):
    with serving(file) as server:
        with Caller(server, "smu1") as caller:
            assert float(caller.ask("smua.source.limiti = 1e-6 print(smua.source.limiti)")) == 1e-6
            caller.say("smua.source.output = 1 smua.source.levelv = 0.1 while true do end\n")
        with Caller(server, "smu1") as second:
            assert float(second.ask("print(smua.source.output)")) == 1.0, (
                "a lost connection changes no output"
            )


def test_abort_ends_a_script(file):
    with serving(file) as server, Caller(server, "smu1") as caller:
        caller.say("while true do delay(1) end\n")
        caller.say("abort\n")
        assert float(caller.ask("print(4)")) == 4.0


def test_an_answer_that_nobody_fetched_is_not_given_to_the_next_caller(file):
    with serving(file) as server:
        with Caller(server, "smu1") as first:
            first.say("print(1) print(1) delay(5) print(1)\n")
        with Caller(server, "smu1") as second:
            assert float(second.ask("print(2)")) == 2.0


def test_there_are_only_so_many_connections(file):
    with serving(file) as server:
        callers = [Caller(server, "smu1") for _ in range(CONNECTIONS)]
        assert all("2636B" in caller.ask("*IDN?") for caller in callers)
        with Caller(server, "smu1") as one_more:
            assert one_more.hear() == ""
        for caller in callers:
            caller.hang_up()


def test_a_message_without_end_loses_its_connection(file, monkeypatch):
    monkeypatch.setattr("labctl.sim.server.LONGEST_MESSAGE", 1000)
    with serving(file) as server, Caller(server, "smu1") as caller:
        caller.say("x" * 2000)
        with suppress(ConnectionResetError):  # by what was not read
            assert caller.hear() == ""


def asked(server, caller, message):
    """The answer of a server that takes its turns in this thread."""
    caller.say(message + "\n")
    caller.link.settimeout(0.0)
    received = b""
    while not received.endswith(b"\n"):
        server.turn()
        with suppress(BlockingIOError):
            received += caller.link.recv(1000)
    return received.decode().strip()


@pytest.mark.parametrize(("speed", "passed"), [(1.0, 100.0), (0.0, 0.0), (10.0, 1000.0)])
def test_while_nobody_talks_bench_time_passes_as_on_the_wall(file, speed, passed):
    wall = FakeClock()
    with (
        closing(BenchServer(Workbench(file), speed=speed, wall=wall)) as server,
        Caller(server, "smu1") as caller,
    ):
        asked(server, caller, "timer.reset() print(0)")
        server.turn()
        wall.wait(100.0)
        assert float(asked(server, caller, "print(timer.measure.t())")) == pytest.approx(passed, abs=0.1)


def test_the_sample_is_saved_while_the_server_runs(file):
    wall = FakeClock()
    path = sample_path(file)
    with closing(BenchServer(Workbench(file), wall=wall)) as server, Caller(server, "matrix") as caller:
        before = path.read_bytes()
        asked(server, caller, 'channel.close("1B03") print(1)')
        assert path.read_bytes() == before
        wall.wait(SAVE_EVERY)
        server.turn()
        assert path.read_bytes() != before, "a server that is killed must not lose what its relays did"


def test_a_second_server_on_the_same_sample_is_refused(file):
    with serving(file), pytest.raises(LabError, match="in use by another program"):
        Workbench(file)


def test_a_port_that_is_taken_is_told_in_a_sentence_and_the_sample_is_free_again(file):
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            BenchServer(Workbench(file), port=port)
    Workbench(file).close()


def test_our_bench_works_on_the_sockets_and_its_records_say_simulated(file, tmp_path):
    with serving(file, speed=0.0) as server:
        lab = tmp_path / "lab.toml"
        server.write_bench(lab)
        assert load_bench(lab).simulated
        assert load_bench(lab).library == "@py"
        with open_bench(lab) as bench:
            assert [each.verdict for each in bench.check()] == ["in order"] * 5
            route = bench.router.cell_read(Cell(3, 5), 0.1)
            with bench.connect_cell(route) as view:
                assert abs(view.read(0.1).conductance) < 1e-6


def test_a_driver_finds_its_way_back_after_its_connection_was_cut(file, tmp_path):
    with serving(file, speed=0.0) as server:
        lab = tmp_path / "lab.toml"
        server.write_bench(lab)
        with open_bench(lab) as bench:
            (connection,) = server._served[1].connections
            connection.link.shutdown(socket.SHUT_RDWR)
            assert bench.make_safe() == []
