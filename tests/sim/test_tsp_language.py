"""The TSP language of the virtual instruments: formats, errors, scripts, introspection."""

import struct

import pytest
from pyvisa.errors import VisaIOError

from tests.sim.conftest import Smu


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("1", "1.00000e+00"),
        ("-0.25, true, nil, 'text'", "-2.50000e-01\ttrue\tnil\ttext"),
        ("tostring(1)", "1"),
        ("1/3", "3.33333e-01"),
        ("localnode.model", "2636B"),
        ("smua.OUTPUT_HIGH_Z", "2.00000e+00"),
        ("table.getn({1,2})", "2.00000e+00"),
        ("math.mod(7, 4)", "3.00000e+00"),
        ("type(smua.measure.i), type(smua)", "function\ttable"),
        ("smua.nonsense", "nil"),
        ("smua.reset()", ""),
    ],
)
def test_print(smu: Smu, expression: str, answer: str) -> None:
    assert smu.ask(f"print({expression})") == answer


def test_digits_and_binary_formats(smu: Smu) -> None:
    smu.visa.write("format.asciiprecision = 10")
    assert smu.ask("print(2.54)") == "2.540000000e+00"
    smu.visa.write("format.asciiprecision = 3")
    assert smu.ask("printnumber(2.54, 1)") == "2.54e+00, 1.00e+00"
    smu.visa.write("format.data = format.REAL64 format.byteorder = format.BIGENDIAN printnumber(2.54)")
    assert smu.visa.read_raw() == b"#0" + struct.pack(">d", 2.54) + b"\n"
    smu.visa.write("format.byteorder = format.LITTLEENDIAN printnumber(2.54)")
    assert smu.visa.read_raw() == b"#0" + struct.pack("<d", 2.54) + b"\n"
    smu.visa.write("format.data = format.ASCII format.asciiprecision = 10")
    smu.visa.write("format.asciiprecision = 17")
    assert smu.errors() == [(1101, "Parameter Too Big")]


def test_an_unknown_command_is_an_error_and_no_answer(smu: Smu) -> None:
    smu.visa.write("frobnicate(1)")
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read()
    assert smu.ask("print(errorqueue.count)") == "1.00000e+00"
    assert smu.ask("print(errorqueue.next())") == (
        "-2.86000e+02\tTSP Runtime error at line 1: attempt to call global 'frobnicate' (a nil value)"
        "\t2.00000e+01\t1.00000e+00"
    )
    assert smu.ask("print(errorqueue.next())").startswith("0.00000e+00\tQueue Is Empty\t0.00000e+00")


def test_syntax_errors_and_read_only_names(smu: Smu) -> None:
    smu.visa.write("SOUR:VOLT 1")
    smu.visa.write("localnode.model = 'mine'")
    smu.visa.write("smua.frequency = 1")
    codes = [code for code, _ in smu.errors()]
    assert codes == [-285, -286, -286]


def test_most_errors_do_not_end_a_script(smu: Smu) -> None:
    """Series 2600 manual, appendix B: only a runtime error (-286) aborts a script."""
    assert smu.ask("smua.source.levelv = 1e9 print('went on')") == "went on"
    assert smu.errors() == [(1101, "Parameter Too Big")]


def test_the_error_queue_survives_reconnecting_and_is_cleared_on_order(smu: Smu) -> None:
    smu.visa.write("x = = 1")
    smu.visa.clear()
    smu.visa.close()
    smu.visa = smu.manager.open_resource("GPIB0::26::INSTR")
    assert smu.ask("print(errorqueue.count)") == "1.00000e+00"
    smu.visa.write("*CLS")
    assert smu.ask("print(errorqueue.count)") == "0.00000e+00"
    for _ in range(120):
        smu.visa.write("x = = 1")
    assert smu.errors()[-1] == (-350, "Queue Overflow")


def test_common_commands(smu: Smu) -> None:
    assert smu.ask("*idn?") == "Keithley Instruments Inc., Model 2636B, 4000001, 3.3.5"
    assert smu.ask("*OPC?") == "1"
    smu.visa.write("x = = 1")
    assert smu.ask("*ESR?") == "32"
    assert smu.ask("*ESR?") == "0"
    smu.visa.write("*ESE 33")
    assert smu.ask("print(status.standard.enable)") == "3.30000e+01"
    assert smu.ask("*STB?") == "4"
    smu.visa.write("*RST")
    smu.visa.write("*XYZ")
    assert [code for code, _ in smu.errors()] == [-285, -285]


def test_a_script_in_one_message(smu: Smu) -> None:
    smu.visa.write("loadandrunscript\r\nfor i = 1, 3 do\r\n print(i)\r\nend\r\nendscript")
    assert [smu.visa.read().strip() for _ in range(3)] == ["1.00000e+00", "2.00000e+00", "3.00000e+00"]


def test_a_script_line_by_line_by_its_name(smu: Smu) -> None:
    for line in ("loadscript double", "local x = 21", "function twice() return 2 * x end", "", "endscript"):
        smu.visa.write(line)
    assert smu.ask("print(twice)") == "nil"
    smu.visa.write("double.run()")
    assert smu.ask("print(twice())") == "4.20000e+01"
    assert smu.ask("double() print(double.name)") == "double"
    for line in ("loadscript", "print('anonymous')", "endscript"):
        smu.visa.write(line)
    assert smu.ask("script.run()") == "anonymous"
    assert smu.ask("s = script.new('print(5)', 'five') five()") == "5.00000e+00"
    assert smu.errors() == []


def test_a_script_with_a_mistake_reports_its_line(smu: Smu) -> None:
    smu.visa.write("loadandrunscript\nx = 1\ny = = 2\nendscript")
    smu.visa.write("loadandrunscript\nx = 1\nx.y.z = 2\nendscript")
    assert smu.errors() == [
        (-285, "TSP Syntax error at line 2: unexpected symbol near '='"),
        (-286, "TSP Runtime error at line 2: attempt to index global 'x' (a number value)"),
    ]


def test_pcall_sees_errors_as_text(smu: Smu) -> None:
    assert smu.ask("print(pcall(function() local t = nil return t.x end))").startswith("false\ttsp:1:")


def test_exit_ends_a_script_even_inside_pcall(smu: Smu) -> None:
    assert smu.ask("print('before') pcall(exit) print('after')") == "before"
    assert smu.ask("print('next')") == "next"


@pytest.mark.parametrize(
    "name",
    [
        "io",
        "debug",
        "python",
        "package",
        "require",
        "dofile",
        "loadfile",
        "load",
        "coroutine",
        "os.execute",
        "os.exit",
    ],
)
def test_scripts_cannot_leave_the_sandbox(smu: Smu, name: str) -> None:
    assert smu.ask(f"print({name})") == "nil"


def test_compiled_chunks_are_refused(smu: Smu) -> None:
    assert smu.ask(r"print(loadstring('\027Lua'))") == ("nil\tcompiled chunks are not accepted")


def test_greedy_scripts_end_with_an_error_not_with_the_process(smu: Smu) -> None:
    for script in ("s = 'x' while true do s = s .. s end", "print(('x'):rep(1e10))"):
        smu.visa.write(script)
        with pytest.raises(VisaIOError):
            smu.visa.read()
        assert "not enough memory" in smu.errors()[0][1]
    assert smu.ask("s = nil print('alive')") == "alive"


def test_every_table_shows_its_getters_setters_objects_and_kind(smu: Smu) -> None:
    """What the keithley2600 package walks."""
    smu.visa.write("source = getmetatable(smua.source)")
    assert smu.ask("print(source.Getters.levelv, source.Setters.levelv)").startswith("function: ")
    assert smu.ask("print(source.Getters.compliance)").startswith("function: ")
    assert smu.ask("print(source.Setters.compliance)") == "nil"
    assert smu.ask("print(getmetatable(smua).Objects.OUTPUT_ON)") == "1.00000e+00"
    assert smu.ask("print(getmetatable(smua).Objects.source)").startswith("table: ")
    assert smu.ask("print(next(smua, nil))") == "nil"
    assert smu.ask("print(getmetatable(smua.nvbuffer1).luatype)") == "reading_buffer"
    assert smu.ask("print(getmetatable(smua.nvbuffer1.timestamps).luatype)") == "synchronous_table"
    names = {smu.ask("name = next(_G, name) print(name)") for _ in range(60)}
    assert {"smua", "smub", "errorqueue", "status", "format", "digio", "display"} <= names


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("printbuffer()", -104),
        ("printbuffer(1, 2)", 1400),
        ("printbuffer(1, 2, 3)", 1401),
        ("printnumber('x')", -104),
        ("delay()", -104),
        ("delay({})", -104),
        ("delay(-1)", 1102),
        ("digio.writebit(1)", -104),
        ("smua.source.levelv = {}", -104),
        ("smua.source.levelv = nil", -104),
        ("smua.measure.i(smub, 1, 2, 3)", 1401),
        ("script.run()", -292),
        ("script.new()", -104),
        ("script.delete('nobody')", -292),
        ("smua.makebuffer()", -104),
        ("smua.trigger.source.linearv(1)", -104),
        ("smua.trigger.source.listv('x')", 1401),
    ],
)
def test_wrong_arguments_are_errors_of_the_instrument(smu: Smu, command: str, code: int) -> None:
    smu.visa.write(command)
    assert [found for found, _ in smu.errors()] == [code]


def test_clocks_inside_scripts_run_on_bench_time(smu: Smu) -> None:
    assert smu.ask("timer.reset() delay(0.5) print(timer.measure.t())") == "5.00020e-01"
    assert smu.ask("t = os.clock() repeat until os.clock() > t + 0.01 print('later')") == "later"
