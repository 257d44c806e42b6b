// Package redisstore keeps the state of mocks in Redis or Valkey, so that any
// number of them can share it.
//
// Every method is one script, which the server runs whole before it does
// anything else: what [mock.Store] promises holds for all mocks together. Time-outs
// are short, and nothing is sent twice, as a request that was counted already
// would be counted again.
//
// The keys all start with nox-mock:2: where 2 is the version of this layout. In a
// Redis Cluster all keys of a manufacturer are on one node, as {m:NAME} stands in
// each; a store finds out by itself that it is one of a cluster. The API keys of
// manufacturers are there as digests only.
//
//	{manufacturers}  hash    version, list (JSON)
//	{m:NAME}:last    string  the number that a connection was given last
//	{m:NAME}:users   hash    number of a connection by user_id, of the manufacturer NAME
//	{m:NAME}:ids     hash    the same by nox_user_id
//	{m:NAME}:order   zset    the numbers
//	{m:NAME}:all     hash    of the connection with number N: N:u user_id, N:x nox_user_id,
//	                         N:f and N:l when first and last asked for, N:t how often
package redisstore
