-- The TSP language on Lua 5.1: what a script may touch, how it is interrupted, how it prints.
-- Called once per node with a table of Python functions; returns a table of functions for Python.
local host = ...
local pause, ending, leave, emit, now = host.pause, host.ending, host.leave, host.emit, host.now
local interval, memory_limit = host.interval, host.memory_limit
local sethook, load, count = debug.sethook, loadstring, collectgarbage
local try, raise = pcall, error
local format, rep, byte, concat = string.format, string.rep, string.byte, table.concat
local select, type, tostring, unpack = select, type, tostring, unpack
local setmetatable, getmetatable, rawget, rawset = setmetatable, getmetatable, rawget, rawset
local getfenv, setfenv, pairs = getfenv, setfenv, pairs

-- What scripts take for their globals. Lua's own table of globals stays out of their reach: lupa looks into it outside
-- of every protected call, so that a metatable there would end the process.
local globals = {}

-- Every `interval` instructions: is the script too greedy, is its slice used up, must it end?
sethook(function()
  local used = count("count")
  if used > memory_limit then
    count("collect")
    used = count("count")
    if used > memory_limit then raise("not enough memory", 0) end
  end
  pause(used)
end, "", interval)

-- A script that is told to end does so even when it catches errors.
local function settle(ok, ...)
  if ok then return true, ... end
  if ending() then raise("script ended", 0) end
  local message = ...
  if type(message) == "userdata" then message = tostring(message) end
  return false, message
end

function globals.pcall(f, ...) return settle(try(f, ...)) end
-- The handler runs after the stack is unwound: within the failing call Lua would keep the hook switched off.
local function handled(handler, ok, ...)
  if ok then return true, ... end
  return false, handler(...)
end
function globals.xpcall(f, handler) return handled(handler, settle(try(f))) end
function globals.exit() leave() end

local function compile(text, name)
  local chunk, message = load(text, name)
  if chunk then return setfenv(chunk, globals) end
  return nil, message
end

function globals.loadstring(text, name)
  if type(text) == "string" and byte(text) == 27 then return nil, "compiled chunks are not accepted" end
  return compile(text, name or "=tsp")
end

function string.rep(text, times)
  if type(text) == "number" then text = text .. "" end
  if type(text) == "string" and type(times) == "number" then
    if text == "" or not (times >= 1) then return "" end
    if #text * times > 1024 * memory_limit then raise("not enough memory", 2) end
  end
  return rep(text, times)
end
string.dump = nil

-- Without an order Lua compares strings of any length with no hook between two comparisons.
local sort = table.sort
function table.sort(list, is_before) return sort(list, is_before or function(a, b) return a < b end) end

-- Functions of our own keep their environment, Lua's globals are nobody's, and level 0 is the script's globals.
local ours = {}
local function level(f)
  if type(f) == "number" and f >= 1 then return f + 2 end
  return f
end
local function environment(f)
  if f == nil then f = 1 end
  if f == 0 then return globals end
  local found = getfenv(level(f))
  return found == _G and globals or found
end
function globals.getfenv(f) return (environment(f)) end
function globals.setfenv(f, environment_of_it)
  if f == 0 or ours[f] then raise("'setfenv' cannot change environment of given object", 2) end
  if type(f) ~= "number" then return setfenv(f, environment_of_it) end
  if getfenv(f + 1) == _G then raise("'setfenv' cannot change environment of given object", 2) end
  setfenv(f + 1, environment_of_it)
end

-- Objects of Python show no metatable: what stands in it frees them.
function globals.getmetatable(object)
  if type(object) == "userdata" then return nil end
  return getmetatable(object)
end

globals.os = {time = now, clock = now}
globals._G, globals._VERSION = globals, "Lua 5.0.2"
globals.string, globals.table, globals.math = string, table, math
for _, name in pairs({"assert", "error", "ipairs", "next", "pairs", "rawequal", "rawget", "rawset", "select",
                      "setmetatable", "tonumber", "tostring", "type", "unpack"}) do
  globals[name] = _G[name]
end

-- print: numbers with the digits of format.asciiprecision, everything else as Lua writes it.
local number_format = "%.5e"
local function text(value)
  if type(value) == "number" then return format(number_format, value) end
  local found = tostring(value)
  if type(found) ~= "string" then raise("'tostring' must return a string to 'print'", 3) end
  return found
end

function globals.print(...)
  local n = select("#", ...)
  if n == 1 then return emit(text((...))) end
  local out = {}
  for i = 1, n do out[i] = text((select(i, ...))) end
  emit(concat(out, "\t"))
end

-- The tree of commands: every node an empty table whose metatable tells what it offers.
local hosts = setmetatable({}, {__mode = "k"})

local function call(f, arity)
  if arity == 0 then return function() return f() end end
  if arity == 1 then return function(a) return f(hosts[a] or a) end end
  if arity == 2 then return function(a, b) return f(hosts[a] or a, hosts[b] or b) end end
  if arity == 3 then return function(a, b, c) return f(hosts[a] or a, hosts[b] or b, hosts[c] or c) end end
  return function(...)
    local arguments, n = {...}, select("#", ...)
    for i = 1, n do arguments[i] = hosts[arguments[i]] or arguments[i] end
    return f(unpack(arguments, 1, n))
  end
end

local function branch(luatype, owner, index, called)
  local getters, setters, objects, proxy = {}, {}, {}, {}
  local meta = {Getters = getters, Setters = setters, Objects = objects, luatype = luatype}
  function meta.__index(_, key)
    local object = objects[key]
    if object ~= nil then return object end
    local get = getters[key]
    if get then return get() end
    if index and type(key) == "number" then return index(key) end
    return nil
  end
  function meta.__newindex(_, key, value)
    local set = setters[key]
    if not set then raise("cannot modify attribute '" .. tostring(key) .. "'", 2) end
    set(hosts[value] or value)
  end
  if called then meta.__call = function() return called() end end
  if owner then hosts[proxy] = owner end
  return setmetatable(proxy, meta), getters, setters, objects
end

for _, f in pairs(globals) do if type(f) == "function" then ours[f] = true end end

-- Run a chunk; an error that is no text is named by its kind, or its `__tostring` would run in nobody's charge.
local function finish(ok, message)
  if ok then return end
  if ending() then raise("script ended", 0) end
  if type(message) ~= "string" and type(message) ~= "userdata" then
    message = "(error object is a " .. type(message) .. " value)"
  end
  raise(message, 0)
end
local function run(chunk) finish(try(chunk)) end

return {
  branch = branch,
  call = call,
  run = run,
  compile = function(source, name) return compile(source, "=" .. name) end,
  set_digits = function(digits) number_format = "%." .. (digits - 1) .. "e" end,
  number = function(value) return format(number_format, value) end,
  set_global = function(name, value) rawset(globals, name, value) end,
  get_global = function(name) return rawget(globals, name) end,
}
