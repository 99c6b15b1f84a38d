-- The TSP language on Lua 5.1: what a script may touch, how it is interrupted, how it prints.
-- Called once per node with a table of Python functions; returns a table of functions for Python.
local host = ...
local pause, ending, leave, emit, now = host.pause, host.ending, host.leave, host.emit, host.now
local interval, memory_limit = host.interval, host.memory_limit
local sethook, load, count = debug.sethook, loadstring, collectgarbage
local try, raise = pcall, error
local format, rep, byte, concat = string.format, string.rep, string.byte, table.concat
local select, type, tostring, unpack = select, type, tostring, unpack
local setmetatable = setmetatable

-- Every `interval` instructions: is the script too greedy, is its slice used up, must it end?
sethook(function()
  if count("count") > memory_limit then
    count("collect")
    if count("count") > memory_limit then raise("not enough memory", 0) end
  end
  pause()
end, "", interval)

-- A script that is told to end does so even when it catches errors.
local function settle(ok, ...)
  if ok then return true, ... end
  if ending() then raise("script ended", 0) end
  local message = ...
  if type(message) == "userdata" then message = tostring(message) end
  return false, message
end

function pcall(f, ...) return settle(try(f, ...)) end
-- The handler runs after the stack is unwound: within the failing call Lua would keep the hook switched off.
local function handled(handler, ok, ...)
  if ok then return true, ... end
  return false, handler(...)
end
function xpcall(f, handler) return handled(handler, settle(try(f))) end
function exit() leave() end

function loadstring(text, name)
  if type(text) == "string" and byte(text) == 27 then return nil, "compiled chunks are not accepted" end
  return load(text, name or "=tsp")
end

function string.rep(text, times)
  if #text * times > 1024 * memory_limit then raise("not enough memory", 2) end
  return rep(text, times)
end

os = {time = now, clock = now}
string.dump, io, debug, package, coroutine, python = nil, nil, nil, nil, nil, nil
require, module, dofile, loadfile, newproxy, collectgarbage = nil, nil, nil, nil, nil, nil
_G.load = nil
_VERSION = "Lua 5.0.2"

-- print: numbers with the digits of format.asciiprecision, everything else as Lua writes it.
local number_format = "%.5e"
local function text(value)
  if type(value) == "number" then return format(number_format, value) end
  return tostring(value)
end

function print(...)
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

return {
  branch = branch,
  call = call,
  compile = function(source, name) return load(source, "=" .. name) end,
  set_digits = function(digits) number_format = "%." .. (digits - 1) .. "e" end,
  number = function(value) return format(number_format, value) end,
  set_global = function(name, value) _G[name] = value end,
  get_global = function(name) return _G[name] end,
}
