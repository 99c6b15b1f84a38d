"""The PyVISA backend: what any VISA program may rely on."""

import warnings
from collections.abc import Iterator

import pytest
import pyvisa
from pyvisa import constants
from pyvisa.errors import VisaIOError
from pyvisa.highlevel import get_wrapper_class

from labctl.core.errors import LabError
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.conftest import SMU_ADDRESS, Smu
from tests.sim.fakes import FakeClock


def test_pyvisa_finds_the_backend_by_its_name() -> None:
    assert get_wrapper_class("labctl") is LabctlVisaLibrary


def test_lists_and_opens_by_canonical_address(smu: Smu) -> None:
    assert smu.manager.list_resources() == (SMU_ADDRESS,)
    assert smu.manager.list_resources("GPIB?*26?*") == (SMU_ADDRESS,)
    assert smu.manager.list_resources("USB?*") == ()
    with smu.manager.open_resource("gpib::26") as same:
        assert same.query("print(1)") == "1.00000e+00\n"


def test_an_unknown_address_raises(smu: Smu) -> None:
    with pytest.raises(VisaIOError, match="VI_ERROR_RSRC_NFOUND"):
        smu.manager.open_resource("GPIB0::9::INSTR")


def test_two_libraries_do_not_share_anything(smu: Smu) -> None:
    other = LabctlVisaLibrary.serving({}, FakeClock())
    assert other is not smu.manager.visalib
    manager = pyvisa.ResourceManager(other)
    assert manager.list_resources() == ()
    assert smu.manager.list_resources() == (SMU_ADDRESS,)
    manager.close()


def test_the_library_exposes_the_clock_of_its_bench(smu: Smu) -> None:
    library = smu.manager.visalib
    assert isinstance(library, LabctlVisaLibrary)
    assert library.clock is smu.clock
    smu.manager.close()
    with pytest.raises(LabError, match="closed"):
        _ = library.clock


def test_the_path_is_not_what_pymeasure_takes_for_pyvisa_sim(smu: Smu) -> None:
    assert smu.manager.visalib.library_path != "unset"
    assert all(path != "unset" for path in LabctlVisaLibrary.get_library_paths())


@pytest.mark.parametrize("ending", ["\n", "\r\n", "", "\n\r\n"])
def test_takes_every_way_to_end_a_message(smu: Smu, ending: str) -> None:
    smu.visa.write_raw(b"print(7)" + ending.encode())
    assert smu.visa.read_raw() == b"7.00000e+00\n"
    assert smu.errors() == []


def test_a_message_may_come_in_pieces(smu: Smu) -> None:
    smu.visa.send_end = False
    smu.visa.write_raw(b"print(")
    smu.visa.send_end = True
    smu.visa.write_raw(b"7)\n")
    assert smu.visa.read() == "7.00000e+00\n"


def test_reads_honour_the_count_and_tell_how_they_ended(smu: Smu) -> None:
    library, session = smu.visa.visalib, smu.visa.session
    smu.visa.write("print('abcdef')")
    assert library.read(session, 3) == (b"abc", constants.StatusCode.success_max_count_read)
    assert library.read(session, 100) == (b"def\n", constants.StatusCode.success)
    smu.visa.write("print('ab,cd')")
    smu.visa.set_visa_attribute(constants.ResourceAttribute.termchar, ord(","))
    smu.visa.set_visa_attribute(constants.ResourceAttribute.termchar_enabled, True)
    assert library.read(session, 100) == (b"ab,", constants.StatusCode.success_termination_character_read)
    assert library.read(session, 2) == (b"cd", constants.StatusCode.success_max_count_read)
    assert library.read(session, 100) == (b"\n", constants.StatusCode.success)


def test_without_end_a_read_needs_its_termination_character(smu: Smu) -> None:
    smu.visa.set_visa_attribute(constants.ResourceAttribute.suppress_end_enabled, True)
    smu.visa.write("print(1)")
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read_raw()
    smu.visa.read_termination = "\n"
    assert smu.visa.query("print(2)") == "2.00000e+00"


def test_read_bytes_and_binary_values(smu: Smu) -> None:
    smu.visa.write("format.data = format.REAL32 printnumber(1, -2.5)")
    assert smu.visa.query_binary_values("", header_fmt="ieee", data_points=2) == [1.0, -2.5]


def test_a_read_without_an_answer_times_out_on_the_bench_clock(smu: Smu) -> None:
    smu.visa.timeout = 3000
    begin = smu.clock.now()
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read()
    assert smu.clock.now() - begin == pytest.approx(3.0)


def test_an_infinite_timeout_ends_when_nothing_can_come(smu: Smu) -> None:
    smu.visa.timeout = None
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read()


def test_every_message_costs_bus_latency(smu: Smu) -> None:
    manager = pyvisa.ResourceManager(
        LabctlVisaLibrary.serving({SMU_ADDRESS: smu.instrument}, smu.clock, latency=5e-4)
    )
    visa = manager.open_resource(SMU_ADDRESS)
    begin = smu.clock.now()
    visa.query("print(1)")
    assert smu.clock.now() - begin == pytest.approx(1e-3)
    manager.close()


def test_device_clear_empties_both_queues(smu: Smu) -> None:
    smu.visa.write("print('old')")
    smu.visa.send_end = False
    smu.visa.write_raw(b"print('half ")
    smu.visa.send_end = True
    smu.visa.clear()
    assert smu.ask("print('new')") == "new"


def test_serial_poll_and_service_request(smu: Smu) -> None:
    assert smu.visa.stb == 0
    smu.visa.write("print(1)")
    assert smu.visa.stb == 16
    smu.visa.read()
    smu.visa.write("*SRE 32")
    smu.visa.write("*ESE 1")
    smu.visa.write("*OPC")
    smu.visa.wait_for_srq(1000)
    assert smu.visa.stb == 0x60
    assert smu.ask("*ESR?") == "1"
    begin = smu.clock.now()
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.wait_for_srq(500)
    assert smu.clock.now() - begin == pytest.approx(0.5, abs=0.01)


def test_a_service_request_ends_a_long_script(smu: Smu) -> None:
    smu.visa.write("*SRE 32")
    smu.visa.write("*ESE 1")
    smu.visa.write("delay(3) opc()")
    smu.visa.wait_for_srq(10_000)
    assert smu.clock.now() == pytest.approx(3.0)


def test_locks_keep_other_sessions_out(smu: Smu) -> None:
    other = smu.manager.open_resource(SMU_ADDRESS)
    smu.visa.lock_excl()
    with pytest.raises(VisaIOError, match="VI_ERROR_RSRC_LOCKED"):
        other.write("print(1)")
    assert smu.ask("print(1)") == "1.00000e+00"
    smu.visa.unlock()
    assert other.query("print(1)") == "1.00000e+00\n"
    key = smu.visa.lock(requested_key="ours")
    with pytest.raises(VisaIOError, match="VI_ERROR_RSRC_LOCKED"):
        other.lock_excl(timeout=0)
    other.lock(requested_key=key)
    smu.visa.close()
    other.unlock()
    with pytest.raises(VisaIOError, match="VI_ERROR_SESN_NLOCKED"):
        other.unlock()
    other.close()


def test_attributes(smu: Smu) -> None:
    assert smu.visa.resource_name == SMU_ADDRESS
    assert smu.visa.interface_type is constants.InterfaceType.gpib
    assert (smu.visa.interface_number, smu.visa.primary_address) == (0, 26)
    assert smu.visa.resource_class == "INSTR"
    smu.visa.control_ren(constants.RENLineOperation.asrt)
    smu.visa.flush(constants.BufferOperation.discard_read_buffer)
    with pytest.raises(VisaIOError, match="VI_ERROR_NSUP_ATTR"):
        smu.visa.get_visa_attribute(constants.ResourceAttribute.asrl_baud_rate)
    with pytest.raises(VisaIOError, match="VI_ERROR_ATTR_READONLY"):
        smu.visa.set_visa_attribute(constants.ResourceAttribute.resource_name, "x")


def test_a_closed_bench_can_be_opened_again(smu: Smu) -> None:
    library = smu.manager.visalib
    smu.manager.close()
    manager = pyvisa.ResourceManager(library)
    visa = manager.open_resource(SMU_ADDRESS)
    assert visa.query("print(1)") == "1.00000e+00\n"
    manager.close()


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
