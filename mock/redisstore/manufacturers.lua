-- KEYS: manufacturers. ARGV: the version that is known.
-- Returns the version, and if it is another, the list.
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == '' or version == ARGV[1] then
  return {version}
end
return {version, redis.call('HGET', KEYS[1], 'list')}
