// Package defect holds deliberate differences between servers: defects, which
// break the contract, and variations, which the contract allows.
//
// Both are wrapped around a sound handler that serves
//
//	POST {base}/manufacturer/device-connections
//
// as the contract says, so the handler's own code stays clean of them:
//
//	d, err := defect.Find("echo-lower-cased")
//	…
//	server := httptest.NewServer(d.Wrap(sound))
//
// A defect proves that a check can fail, and a variation that no check cries
// wolf. What a server does wrong is written as one row of a table: a name, the
// check meant to catch it, a sentence, and a mechanism put together from a few
// combinators ([Deviation] lists the tables; mechanism.go has the combinators,
// when.go the conditions, edit.go the changes, memory.go what is kept of earlier
// exchanges).
//
// A mechanism knows only what a server knows: the requests that came and what
// the sound handler made of them. It learns good keys by seeing them accepted,
// and it keeps what it has learnt for as long as its handler lives, so that two
// handlers never meet.
package defect
