"""No instrument is on a bench under two names, and a wrong address is told with what the bus lists."""

import pytest

from labctl.bench import open_bench
from labctl.benchfile import load_bench
from labctl.core.errors import BenchFileError, InstrumentError, LinkLost
from labctl.core.identity import met_twice
from labctl.driver.addresses import canonical, shared
from labctl.sim.server import BenchServer
from labctl.sim.workbench import Workbench
from tests.sim.serving import at_work


@pytest.fixture(autouse=True)
def samples(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPIB::21", "GPIB0::21::INSTR"),
        ("gpib0::21::instr", "GPIB0::21::INSTR"),
        (" GPIB0::21::INSTR ", "GPIB0::21"),
        ("TCPIP::127.0.0.1::5025::SOCKET", "TCPIP0::localhost::5025::SOCKET"),
        ("TCPIP::127.0.0.1::5025::SOCKET", "TCPIP::127.0.1.1::5025::SOCKET"),
        ("TCPIP::192.168.0.5", "TCPIP0::192.168.0.5::inst0::INSTR"),
        ("TCPIP::K2636.lab", "tcpip::k2636.LAB::inst0"),
        ("USB::0x05E6::0x2636::1", "USB0::0x05E6::0x2636::1::INSTR"),
        ("smu left", "SMU Left"),
    ],
)
def test_two_spellings_are_one_address(one, other):
    assert canonical(one) == canonical(other)
    assert list(shared({"smu1": one, "smu2": other})) == [
        f"visa.addresses.smu2: {other} is the same instrument as smu1 ({one}): each instrument is named once"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPIB0::21::INSTR", "GPIB1::21::INSTR"),
        ("GPIB0::21::INSTR", "GPIB0::21::1::INSTR"),
        ("TCPIP::127.0.0.1::5025::SOCKET", "TCPIP::127.0.0.1::5026::SOCKET"),
        ("TCPIP::192.168.0.5::inst0", "TCPIP::192.168.0.5::inst1"),
    ],
)
def test_two_addresses_are_two(one, other):
    assert list(shared({"smu1": one, "smu2": other})) == []


def test_instruments_are_told_apart_by_maker_model_and_serial_number():
    addresses = {"a": "A", "b": "B", "c": "C"}
    keithley = "Keithley Instruments Inc., Model 2636B, 4021, 3.3.5"
    other = "Keithley Instruments Inc., Model 707B, 4021, 1.0"
    assert list(met_twice({"a": keithley, "b": other, "c": "no four parts"}, addresses)) == []
    assert list(met_twice({"a": "X,Y,0,1", "b": "X,Y,0,1"}, addresses)) == []
    (sentence,) = met_twice({"a": keithley, "b": other, "c": keithley.upper()}, addresses)
    assert sentence.startswith("a (A) and c (C) are the same instrument, ")
    assert "serial number 4021" in sentence


def test_a_bench_with_one_address_twice_does_not_open(tmp_path):
    text = load_bench("virtual_56x8").text
    path = tmp_path / "twice.toml"
    path.write_text(text.replace('smu2 = "GPIB0::22::INSTR"', 'smu2 = "gpib::21"'), encoding="utf-8")
    with pytest.raises(
        BenchFileError, match=r"smu2: gpib::21 is the same instrument as smu1 \(GPIB0::21::INSTR\)"
    ):
        open_bench(path)


def test_a_virtual_bench_with_an_address_that_is_none_says_which(tmp_path):
    text = load_bench("virtual_56x8").text
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace('"GPIB0::22::INSTR"', '"twenty-two"'), encoding="utf-8")
    with pytest.raises(
        BenchFileError, match="visa.addresses.smu2: 'twenty-two' is not a VISA address"
    ) as caught:
        open_bench(path)
    assert "Install" not in str(caught.value)


def test_the_same_serial_number_under_two_addresses_is_refused_before_anything_is_switched_on(tmp_path):
    bench = Workbench(load_bench("virtual_56x8"))
    server = BenchServer(bench)
    with at_work(server):
        path = tmp_path / "served.toml"
        text = server.bench_text()
        smu1, smu2 = server.addresses["smu1"], server.addresses["smu2"]
        path.write_text(text.replace(smu2, smu1.replace("127.0.0.1", "0.0.0.0")), encoding="utf-8")
        with pytest.raises(
            InstrumentError, match=r"smu1 \(.*\) and smu2 \(.*0\.0\.0\.0.*\) are the same instrument"
        ):
            open_bench(path)


def test_where_nothing_answers_the_sentence_says_what_the_bus_lists(tmp_path):
    text = load_bench("virtual_56x8").text
    lab = tmp_path / "lab.toml"
    lab.write_text(text, encoding="utf-8")
    belief = tmp_path / "belief.toml"
    belief.write_text(
        text.replace("{this_file}@labctl", f"{lab.as_posix()}@labctl").replace("GPIB0::22", "GPIB0::7"),
        encoding="utf-8",
    )
    with pytest.raises(LinkLost) as caught:
        open_bench(belief)
    said = str(caught.value)
    assert "smu2 (2636B) does not answer at GPIB0::7::INSTR" in said
    assert (
        "the VISA library lists GPIB0::12::INSTR, GPIB0::16::INSTR, GPIB0::21::INSTR, GPIB0::22::INSTR"
        in said
    )
    assert "\n" not in said
