-- KEYS: users, ids, order, all, last, which stays. Returns how many there were.
local n = redis.call('HLEN', KEYS[1])
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return {n}
