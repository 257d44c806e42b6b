-- KEYS: users, ids, order, all, last of each manufacturer. ARGV: "put" or "look",
-- which changes nothing; then for each connection: where the keys of its manufacturer begin, counted from 0,
-- user_id, nox_user_id, first, last, how often.
-- Returns nothing, or the index of a connection that contradicts, what it is,
-- and with what; then nothing was changed.
local seen, owners = {}, {}
for i = 2, #ARGV, 6 do
  local at, user, id = tonumber(ARGV[i]) + 1, ARGV[i + 1], ARGV[i + 2]
  local mine, its = at .. ':' .. user, at .. ':' .. id
  local number = redis.call('HGET', KEYS[at], user)
  local known = number and redis.call('HGET', KEYS[at + 3], number .. ':x')
  local owner = owners[its]
  if owner == nil then
    local other = redis.call('HGET', KEYS[at + 1], id)
    owner = other and redis.call('HGET', KEYS[at + 3], other .. ':u')
  end
  if seen[mine] then
    return {(i - 2) / 6, 'twice', ''}
  elseif known and known ~= id then
    return {(i - 2) / 6, 'known', known}
  elseif owner and owner ~= user then
    return {(i - 2) / 6, 'taken', owner}
  end
  seen[mine] = true
  owners[its] = user
end
if ARGV[1] == 'look' then
  return {}
end
for i = 2, #ARGV, 6 do
  local at, user, id = tonumber(ARGV[i]) + 1, ARGV[i + 1], ARGV[i + 2]
  local number = redis.call('HGET', KEYS[at], user)
  if not number then
    number = string.format('%.0f', redis.call('INCR', KEYS[at + 4]))
    redis.call('HSET', KEYS[at], user, number)
    redis.call('HSET', KEYS[at + 1], id, number)
    redis.call('ZADD', KEYS[at + 2], number, number)
  end
  redis.call('HSET', KEYS[at + 3], number .. ':u', user, number .. ':x', id,
    number .. ':f', ARGV[i + 3], number .. ':l', ARGV[i + 4], number .. ':t', ARGV[i + 5])
end
return {}
