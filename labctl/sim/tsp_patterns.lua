-- string.find, match, gmatch and gsub that can be interrupted: no instruction hook runs inside Lua's own, which may
-- backtrack for hours or fill the C stack. Where the work is bounded Lua's own are used; elsewhere these, in Lua.
-- Called once with the table of string functions, whose entries it replaces (Lua 5.1 manual, section 5.4).
local strings = ...
local native = {find = strings.find, match = strings.match, gmatch = strings.gmatch, gsub = strings.gsub}
local sub, byte, char = strings.sub, strings.byte, strings.char
local concat, type, raise, floor, unpack, tonumber = table.concat, type, error, math.floor, unpack, tonumber
local find, replace = native.find, native.gsub

local MOST_STEPS = 2e6     -- of Lua's own functions, some 10 ms
local MOST_CAPTURES = 32
local POSITION, OPEN = -2, -1
local PERCENT, CARET, DOLLAR, PAREN, CLOSE, BRACKET, STAR, PLUS, MINUS, OPTIONAL = byte("%^$()[*+-?", 1, -1)
local DIGIT_0, DIGIT_9, BALANCE, FRONTIER = byte("09bf", 1, -1)

-- Whether Lua's own functions need few steps at most: each quantifier may try every length at every place.
local function is_cheap(s, p)
  local _, quantifiers = replace(p, "[*+?%-]", "")
  local _, others = replace(p, "%%[b1-9]", "")
  return (#s + 2) ^ (quantifiers + others + 1) * (#p + 1) <= MOST_STEPS
end

-- A pattern ends at its first zero byte, as in Lua 5.1.
local function until_zero(p)
  local zero = find(p, "\0", 1, true)
  return zero and sub(p, 1, zero - 1) or p
end

-- A matcher of `p` in `s`: match(place in s, place in p) gives the place behind the match or nil;
-- captures(from, behind, whole) the captures of the last match, the whole one if there is none.
local function matcher(s, p)
  local length, last = #s, #p
  local starts, lengths, level = {}, {}, 0
  local known = {}  -- by place in p and byte: does this single character match?
  local match

  local function class_end(at)
    local c = byte(p, at)
    if c == PERCENT then
      if at >= last then raise("malformed pattern (ends with '%')", 0) end
      return at + 2
    end
    at = at + 1
    if c == BRACKET then
      if byte(p, at) == CARET then at = at + 1 end
      repeat
        if at > last then raise("malformed pattern (missing ']')", 0) end
        local inner = byte(p, at)
        at = at + 1
        if inner == PERCENT and at <= last then at = at + 1 end
      until sub(p, at, at) == "]"
      at = at + 1
    end
    return at
  end

  local function is_in(c, at, behind)
    local seen = known[at]
    if not seen then seen = {} known[at] = seen end
    local answer = seen[c]
    if answer == nil then
      local item = sub(p, at, behind - 1)
      if item == "^" or item == "$" then item = "%" .. item end
      answer = find(char(c), "^" .. item) ~= nil
      seen[c] = answer
    end
    return answer
  end

  local function single(si, at, behind)
    return si <= length and is_in(byte(s, si), at, behind)
  end

  local function balanced(si, at)
    if at + 1 > last then raise("unbalanced pattern", 0) end
    local first, final = byte(p, at, at + 1)
    if si > length or byte(s, si) ~= first then return nil end
    local depth = 1
    for place = si + 1, length do
      local c = byte(s, place)
      if c == final then
        depth = depth - 1
        if depth == 0 then return place + 1 end
      elseif c == first then
        depth = depth + 1
      end
    end
    return nil
  end

  local function closed(index)
    if index < 1 or index > level or lengths[index] == OPEN then raise("invalid capture index", 0) end
    return index
  end

  local function repeated(si, index)
    closed(index)
    if lengths[index] == POSITION then return nil end
    local text = sub(s, starts[index], starts[index] + lengths[index] - 1)
    return sub(s, si, si + #text - 1) == text and si + #text or nil
  end

  local function begin(si, at, kind)
    if level >= MOST_CAPTURES then raise("too many captures", 0) end
    level = level + 1
    starts[level], lengths[level] = si, kind
    local found = match(si, at)
    if not found then level = level - 1 end
    return found
  end

  local function finish(si, at)
    local index = level
    while index > 0 and lengths[index] ~= OPEN do index = index - 1 end
    if index == 0 then raise("invalid pattern capture", 0) end
    lengths[index] = si - starts[index]
    local found = match(si, at)
    if not found then lengths[index] = OPEN end
    return found
  end

  local function longest(si, at, behind)
    local count = 0
    while single(si + count, at, behind) do count = count + 1 end
    while count >= 0 do
      local found = match(si + count, behind + 1)
      if found then return found end
      count = count - 1
    end
    return nil
  end

  local function shortest(si, at, behind)
    while true do
      local found = match(si, behind + 1)
      if found then return found end
      if not single(si, at, behind) then return nil end
      si = si + 1
    end
  end

  function match(si, at)
    while at <= last do
      local c, following = byte(p, at, at + 1)
      if c == PAREN then
        if following == CLOSE then return begin(si, at + 2, POSITION) end
        return begin(si, at + 1, OPEN)
      elseif c == CLOSE then
        return finish(si, at + 1)
      elseif c == DOLLAR and at == last then
        return si == length + 1 and si or nil
      elseif c == PERCENT and following == BALANCE then
        si = balanced(si, at + 2)
        if not si then return nil end
        at = at + 4
      elseif c == PERCENT and following == FRONTIER then
        at = at + 2
        if byte(p, at) ~= BRACKET then raise("missing '[' after '%f' in pattern", 0) end
        local behind = class_end(at)
        if is_in(si > 1 and byte(s, si - 1) or 0, at, behind) then return nil end
        if not is_in(si <= length and byte(s, si) or 0, at, behind) then return nil end
        at = behind
      elseif c == PERCENT and following and following >= DIGIT_0 and following <= DIGIT_9 then
        si = repeated(si, following - DIGIT_0)
        if not si then return nil end
        at = at + 2
      else
        local behind = class_end(at)
        local quantifier = byte(p, behind)
        if quantifier == OPTIONAL then
          if single(si, at, behind) then
            local found = match(si + 1, behind + 1)
            if found then return found end
          end
          at = behind + 1
        elseif quantifier == STAR then
          return longest(si, at, behind)
        elseif quantifier == PLUS then
          if not single(si, at, behind) then return nil end
          return longest(si + 1, at, behind)
        elseif quantifier == MINUS then
          return shortest(si, at, behind)
        elseif single(si, at, behind) then
          si, at = si + 1, behind
        else
          return nil
        end
      end
    end
    return si
  end

  local function capture(index, from, behind)
    if index > level then
      if index ~= 1 then raise("invalid capture index", 0) end
      return sub(s, from, behind - 1)
    end
    if lengths[index] == OPEN then raise("unfinished capture", 0) end
    if lengths[index] == POSITION then return starts[index] end
    return sub(s, starts[index], starts[index] + lengths[index] - 1)
  end

  local function captures(from, behind, whole)
    local found, count = {}, (level == 0 and whole) and 1 or level
    for index = 1, count do found[index] = capture(index, from, behind) end
    return found, count
  end

  local function try(si, at)
    level = 0
    return match(si, at)
  end

  return try, captures, capture
end

-- The place of `p` in `s` from `from` on, by Knuth, Morris and Pratt: in as many steps as both have characters.
local function find_plain(s, p, from)
  if p == "" then return from, from - 1 end
  local back, matched = {0}, 0
  for place = 2, #p do
    while matched > 0 and byte(p, matched + 1) ~= byte(p, place) do matched = back[matched] end
    if byte(p, matched + 1) == byte(p, place) then matched = matched + 1 end
    back[place] = matched
  end
  matched = 0
  for place = from, #s do
    while matched > 0 and byte(p, matched + 1) ~= byte(s, place) do matched = back[matched] end
    if byte(p, matched + 1) == byte(s, place) then matched = matched + 1 end
    if matched == #p then return place - #p + 1, place end
  end
  return nil
end

local function texts(s, p)
  if type(s) == "number" then s = s .. "" end
  if type(p) == "number" then p = p .. "" end
  if type(s) ~= "string" or type(p) ~= "string" then return nil end
  return s, p
end

local function start(s, init)
  init = floor(tonumber(init) or 1)
  if init < 0 then init = #s + init + 1 end
  if init < 1 then return 1 end
  return init > #s + 1 and #s + 1 or init
end

local function search(name, given_s, given_p, init, plain)
  local s, p = texts(given_s, given_p)
  if not s then return native[name](given_s, given_p, init, plain) end
  local is_plain = name == "find" and (plain or not find(until_zero(p), "[%^%$%*%+%?%.%(%[%%%-]"))
  if is_plain then
    if (#s + 1) * #p <= 1e8 then return native.find(s, p, init, true) end
    return find_plain(s, p, start(s, init))
  end
  if is_cheap(s, p) then return native[name](s, p, init) end
  p = until_zero(p)
  local try, captures = matcher(s, p)
  local anchored = byte(p, 1) == CARET
  local from = start(s, init)
  repeat
    local behind = try(from, anchored and 2 or 1)
    if behind then
      local found, count = captures(from, behind, name == "match")
      if name == "match" then return unpack(found, 1, count) end
      return from, behind - 1, unpack(found, 1, count)
    end
    from = from + 1
  until from > #s + 1 or anchored
  return nil
end

function strings.find(s, p, init, plain) return search("find", s, p, init, plain) end
function strings.match(s, p, init) return search("match", s, p, init) end

function strings.gmatch(given_s, given_p)
  local s, p = texts(given_s, given_p)
  if not s then return native.gmatch(given_s, given_p) end
  if is_cheap(s, p) then return native.gmatch(s, p) end
  local try, captures = matcher(s, until_zero(p))
  local from = 1
  return function()
    for place = from, #s + 1 do
      local behind = try(place, 1)
      if behind then
        from = behind > place and behind or behind + 1
        local found, count = captures(place, behind, true)
        return unpack(found, 1, count)
      end
    end
    from = #s + 2
    return nil
  end
end
strings.gfind = strings.gmatch

-- What stands in the place of one match; nil where the match stays.
local function replacement(by, from, behind, captures, capture)
  local kind = type(by)
  if kind == "function" then
    local found, count = captures(from, behind, true)
    return by(unpack(found, 1, count))
  end
  if kind == "table" then return by[capture(1, from, behind)] end
  local parts, place = {}, 1
  while true do
    local at = find(by, "%", place, true)
    if not at then break end
    parts[#parts + 1] = sub(by, place, at - 1)
    local c = byte(by, at + 1)
    if not c then
      parts[#parts + 1] = "\0"
    elseif c < DIGIT_0 or c > DIGIT_9 then
      parts[#parts + 1] = char(c)
    elseif c == DIGIT_0 then
      parts[#parts + 1] = 0  -- the whole match, filled in by the caller
    else
      parts[#parts + 1] = capture(c - DIGIT_0, from, behind) .. ""
    end
    place = at + 2
  end
  parts[#parts + 1] = sub(by, place)
  return parts
end

function strings.gsub(given_s, given_p, by, most)
  local s, p = texts(given_s, given_p)
  local kind = type(by)
  local is_text = kind == "string" or kind == "number"
  if not s or not (is_text or kind == "function" or kind == "table") then
    return native.gsub(given_s, given_p, by, most)
  end
  if is_cheap(s, p) then
    if most == nil then return native.gsub(s, p, by) end
    return native.gsub(s, p, by, most)
  end
  p = until_zero(p)
  if kind == "number" then by = by .. "" end
  local try, captures, capture = matcher(s, p)
  local anchored = byte(p, 1) == CARET
  local limit, done, from, out = tonumber(most) or #s + 1, 0, 1, {}
  while done < limit do
    local behind = try(from, anchored and 2 or 1)
    if behind then
      done = done + 1
      local whole = sub(s, from, behind - 1)
      local value = replacement(by, from, behind, captures, capture)
      if is_text then
        for index = 1, #value do out[#out + 1] = value[index] == 0 and whole or value[index] end
      elseif not value then
        out[#out + 1] = whole
      elseif type(value) == "string" or type(value) == "number" then
        out[#out + 1] = value
      else
        raise("invalid replacement value (a " .. type(value) .. ")", 2)
      end
    end
    if behind and behind > from then
      from = behind
    elseif from <= #s then
      out[#out + 1] = sub(s, from, from)
      from = from + 1
    else
      break
    end
    if anchored then break end
  end
  out[#out + 1] = sub(s, from)
  return concat(out), done
end
