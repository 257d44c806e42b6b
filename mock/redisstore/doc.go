// Package redisstore keeps the state of mocks in Redis or Valkey, so that any
// number of them can share it.
//
// Every method is one script, which the server runs whole before it does
// anything else: what [mock.Store] promises holds for all mocks together. Time-outs
// are short, and nothing is sent twice, as a request that was counted already
// would be counted again.
//
// The keys all start with {nox-mock:1}: where 1 is the version of this layout.
// The API keys of manufacturers are there as digests only.
//
//	manufacturers  hash    version, list (JSON)
//	last           string  the number that a connection was given last
//	users:NAME     hash    number of a connection by user_id, of the manufacturer NAME
//	ids:NAME       hash    the same by nox_user_id
//	order:NAME     zset    the numbers
//	all:NAME       hash    of the connection with number N: N:u user_id, N:x nox_user_id,
//	                       N:f and N:l when first and last asked for, N:t how often
package redisstore
