-- KEYS: users, ids, order, all, last. ARGV: the number to begin after, how many.
-- Returns for each: its number and the connection.
local found = {}
for i, number in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])) do
  local c = redis.call('HMGET', KEYS[4], number .. ':u', number .. ':x', number .. ':f', number .. ':l', number .. ':t')
  found[i] = {number, c[1], c[2], c[3], c[4], c[5]}
end
return found
