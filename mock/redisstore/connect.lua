-- KEYS: users, ids, order, all, last. ARGV: user_id, nox_user_id, the time.
-- Returns whether it was created, and the connection; or whose the id is
-- already, and then nothing was created.
local number, created = redis.call('HGET', KEYS[1], ARGV[1]), 0
if not number then
  local other = redis.call('HGET', KEYS[2], ARGV[2])
  if other then
    return {redis.call('HGET', KEYS[4], other .. ':u')}
  end
  number, created = string.format('%.0f', redis.call('INCR', KEYS[5])), 1
  redis.call('HSET', KEYS[1], ARGV[1], number)
  redis.call('HSET', KEYS[2], ARGV[2], number)
  redis.call('ZADD', KEYS[3], number, number)
  redis.call('HSET', KEYS[4], number .. ':u', ARGV[1], number .. ':x', ARGV[2])
end
-- It stands still at 2^53, up to which Lua counts exactly.
local asked = tonumber(redis.call('HGET', KEYS[4], number .. ':t') or 0)
if asked < 9007199254740992 then
  redis.call('HINCRBY', KEYS[4], number .. ':t', 1)
end
if asked == 0 then
  redis.call('HSET', KEYS[4], number .. ':f', ARGV[3])
end
redis.call('HSET', KEYS[4], number .. ':l', ARGV[3])
local c = redis.call('HMGET', KEYS[4], number .. ':u', number .. ':x', number .. ':f', number .. ':l', number .. ':t')
return {created, c[1], c[2], c[3], c[4], c[5]}
