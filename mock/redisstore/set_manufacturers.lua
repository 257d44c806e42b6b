-- KEYS: manufacturers. ARGV: the version to replace, the new one, the list.
-- Returns 1 if it was replaced.
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then
  return {0}
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'list', ARGV[3])
return {1}
