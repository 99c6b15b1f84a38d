"""Messages that mean harm: none ends or hangs the program, and after a device clear the instrument answers."""

import faulthandler

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lupa import lua51

from labctl.sim.tsp_runtime import LuaRuntime, ScriptFault
from labctl.sim.tsp_worker import Worker
from tests.sim.conftest import Smu

HANGS = "while true do end"
BIG = "('a'):rep(2000000)"
HOSTILE = [
    f"setmetatable(_G, {{__index = function(t, k) {HANGS} end}}) print(foo)",
    f"setmetatable(_G, {{__newindex = function(t, k, v) {HANGS} end}}) foo = 1",
    f"setmetatable(getfenv(0), {{__index = function(t, k) {HANGS} end}}) print(foo)",
    f"setmetatable(getfenv(print), {{__index = function(t, k) {HANGS} end}}) print(foo)",
    f"getmetatable('').__index = function(t, k) {HANGS} end print(('x'):rep(2))",
    "getmetatable('').__index = nil",
    "setfenv(0, {}) print(1)",
    "setfenv(print, {}) print(1)",
    "setfenv(1, {}) foo = 1",
    f"setfenv(1, setmetatable({{}}, {{__index = function() {HANGS} end}})) foo()",
    "for name in pairs(_G) do _G[name] = nil end",
    "for name in pairs(string) do string[name] = nil end",
    "for name in pairs(table) do table[name] = function() error('x') end end",
    "_G._G = nil _G = nil",
    "pcall, print, error, type = nil, nil, nil, nil",
    f"smua = setmetatable({{}}, {{__index = function() {HANGS} end}}) print(smua.source)",
    f"getmetatable(smua).__index = function() {HANGS} end print(smua.source)",
    "getmetatable(os.time).__gc = nil",
    "getmetatable(os.time).__call = nil os.time()",
    "local g = getmetatable(smua).Getters for k, f in pairs(g or {}) do getmetatable(f).__gc(f) end",
    "getmetatable(smua).Setters = nil getmetatable(smua).Getters = nil",
    f"error(setmetatable({{}}, {{__tostring = function() {HANGS} end}}))",
    "error(setmetatable({}, {__tostring = function() error('again') end}))",
    "error({})",
    "error(nil)",
    "error(function() end)",
    "error(os.time)",
    f"print(setmetatable({{}}, {{__tostring = function() {HANGS} end}}))",
    "print(setmetatable({}, {__tostring = function() return {} end}))",
    f"return setmetatable({{}}, {{__lt = function() {HANGS} end}}) < setmetatable({{}}, {{}})",
    f"local t = setmetatable({{}}, {{__concat = function() {HANGS} end}}) print(t .. 'x')",
    f"local t = setmetatable({{}}, {{__call = function() {HANGS} end}}) t()",
    f"smua.source.levelv = setmetatable({{}}, {{__tostring = function() {HANGS} end}})",
    f"smua.measure.i(setmetatable({{}}, {{__index = function() {HANGS} end}}))",
    f"delay(setmetatable({{}}, {{__unm = function() {HANGS} end}}))",
    "smua.trigger.source.listv(setmetatable({}, {__index = function() while true do end end}))",
    "string.find(('a'):rep(40), ('a*'):rep(30) .. 'b')",
    "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(41))",
    "string.match(('a'):rep(100000), '.-.-.-.-b')",
    "string.match(('a'):rep(300000), ('.-'):rep(300000))",
    "string.find('', ('a?'):rep(1000000))",
    "string.find(('a'):rep(300000), ('(a'):rep(100000))",
    "string.gsub(('a'):rep(3000), '(a*)*b', 'x')",
    "string.gsub(('a'):rep(100000), '.-.-.-b', '%1')",
    "for w in string.gmatch(('('):rep(100000), '%b()') do end",
    "string.find(('ab'):rep(100000), '(.*)%1%1%1b')",
    f"string.find({BIG}, ('a'):rep(1000000) .. 'b', 1, true)",
    "string.gsub('x', 'x', function() while true do end end)",
    f"string.gsub('x', 'x', setmetatable({{}}, {{__index = function() {HANGS} end}}))",
    "string.gsub(('a'):rep(50), ('a*'):rep(20) .. 'b', function() return {} end)",
    "string.rep('', 1e18)",
    "string.rep('x', 1e18)",
    "string.rep('x', 0/0)",
    "string.rep(setmetatable({}, {__len = function() while true do end end}), 3)",
    "local s = 'x' while true do s = s .. s end",
    f"local s = {BIG} while true do local x = s < s end",
    f"local s, t = {BIG}, {{}} for i = 1, 20000 do t[i] = s end table.sort(t)",
    "local t = {} for i = 1, 200 do t[i] = i end table.sort(t, function() return true end)",
    "table.sort({3, 2, 1}, function() while true do end end)",
    "local t = {} while true do t[#t + 1] = {} end",
    "table.concat(setmetatable({}, {__index = function() while true do end end}), ',', 1, 1e9)",
    "string.format('%999999d', 1)",
    "string.format('%s', setmetatable({}, {__tostring = function() while true do end end}))",
    "unpack({}, 1, 1e8)",
    "unpack({}, 1, 2^31)",
    "string.byte(('x'):rep(1000000), 1, -1)",
    "string.char(unpack({256}))",
    "local function f() return f() end f()",
    "local function f() f() f() end f()",
    "local function f() pcall(f) end f()",
    "local function f() string.gsub('x', 'x', f) end f()",
    "local function f() table.sort({1, 2}, f) end f()",
    "local t = {} for i = 1, 300 do t = setmetatable({}, {__index = t}) end print(t.x)",
    "local t = setmetatable({}, {}) getmetatable(t).__index = t print(t.x)",
    "loadstring('\\27Lua')",
    "loadstring(('('):rep(100000))",
    "loadstring(('do '):rep(100000))",
    "loadstring('x = ' .. ('{'):rep(100000))",
    "loadstring('return ' .. ('-'):rep(100000) .. '1')()",
    "loadstring('while true do end')()",
    "while true do loadstring('x = 1') end",
    "while true do pcall(error) end",
    "while true do pcall(string.rep, 'x', 1e12) end",
    "xpcall(function() error('x') end, function() error('y') end)",
    "xpcall(function() while true do end end, 5)",
    "pcall(pcall, pcall, pcall, error)",
    "exit() print(1)",
    "pcall(exit) while true do end",
    "tonumber(('1'):rep(1000000), 36)",
    "for i = 1, math.huge do end",
    "math.random(0)",
    "next({}, 1)",
    "rawset(_G, 'print', nil)",
    "local t = {} t[0/0] = 1",
]


@pytest.fixture(autouse=True)
def _a_hang_fails():
    """A message that hangs inside C ends the test process with a traceback, not the whole run's patience."""
    faulthandler.dump_traceback_later(20.0, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("message", HOSTILE)
def test_a_hostile_message_ends_and_the_instrument_lives_on(smu: Smu, message: str) -> None:
    smu.visa.write(message)
    smu.visa.clear()
    smu.visa.write("*CLS")
    identity = smu.ask("*IDN?")
    assert "2636B" in identity, "the words of IEEE 488.2 are nobody's to change"
    smu.visa.write("x = 1 + 1")
    smu.visa.clear()


PIECES = st.sampled_from(
    ["a", "b", ".", "%a", "%d", "[ab]", "[^a]", "[%a-z]", "[]]", "(", ")", "()", "^", "$", "*", "+", "-", "?", "%1",
     "%b()", "%f[a]", "%%", "%", "[", "\0"]
)  # fmt: skip
PATTERNS = st.lists(PIECES, max_size=7).map("".join)


def _runtimes() -> tuple[object, object]:
    """Lua's own string functions, and ours with every pattern taken for a dear one."""
    from importlib.resources import files

    ours, own = lua51.LuaRuntime(encoding="latin-1"), lua51.LuaRuntime(encoding="latin-1")
    text = files("labctl.sim").joinpath("tsp_patterns.lua").read_text("utf-8")
    assert "local MOST_STEPS = 2e6" in text
    ours.execute(text.replace("local MOST_STEPS = 2e6", "local MOST_STEPS = -1"), ours.globals().string)
    return own, ours


OWN, OURS = _runtimes()
CALL = """
function(name, s, p, extra)
  local function show(...)
    local out = {}
    for i = 1, select('#', ...) do out[i] = type((select(i, ...))) .. ':' .. tostring((select(i, ...))) end
    return table.concat(out, ' ')
  end
  if name == 'gmatch' then
    local out = {}
    for a, b, c in string.gmatch(s, p) do
      out[#out + 1] = show(a, b, c)
      if #out > 50 then break end
    end
    return table.concat(out, '|')
  end
  if name == 'gsub by function' then return show(string.gsub(s, p, function(a, b) return (b or a) and 'x' end)) end
  if name == 'gsub by table' then return show(string.gsub(s, p, {a = 'A', b = false})) end
  return show(string[name](s, p, extra))
end
"""


def _asked(runtime, name: str, s: str, p: str, extra: object) -> str:
    try:
        return str(runtime.eval(CALL)(name, s, p, extra))
    except lua51.LuaError:
        return "an error"


@settings(max_examples=1500)
@given(
    s=st.text(alphabet="ab(). 1\0", max_size=8),
    p=PATTERNS,
    name=st.sampled_from(["find", "match", "gmatch", "gsub", "gsub by function", "gsub by table"]),
    init=st.one_of(st.none(), st.integers(-10, 10)),
    by=st.sampled_from(["", "x", "%0", "%1", "<%1%2>", "%%", "a%"]),
)
def test_patterns_mean_what_they_mean_in_lua(s, p, name, init, by):
    extra = by if name == "gsub" else init
    assert _asked(OURS, name, s, p, extra) == _asked(OWN, name, s, p, extra)


def test_text_is_found_in_as_many_steps_as_it_has_characters():
    found: list[str] = []
    runtime = LuaRuntime(Worker(lambda: None), lambda _code, _text: None, found.append, lambda: 0.0)
    runtime.run(runtime.compiled("local s = ('a'):rep(20000) print(s:find(('a'):rep(9999) .. 'b', 1, true))"))
    runtime.run(runtime.compiled("print((('a'):rep(20000) .. 'b'):find(('a'):rep(9999) .. 'b', 1, true))"))
    assert found == ["nil", "1.00020e+04\t2.00010e+04"]


def test_a_script_that_changes_words_changes_its_own():
    found: list[str] = []
    runtime = LuaRuntime(Worker(lambda: None), lambda _code, _text: None, found.append, lambda: 0.0)
    runtime.run(
        runtime.compiled(
            "x = 5 assert(_G.x == 5 and getfenv(1) == _G and getfenv(0) == _G and getfenv() == _G)"
        )
    )
    runtime.run(runtime.compiled("assert(x == 5) function f() return x end setfenv(f, {x = 7}) print(f())"))
    assert found == ["7.00000e+00"]
    with pytest.raises(ScriptFault, match="cannot change environment"):
        runtime.run(runtime.compiled("setfenv(print, {})"))
