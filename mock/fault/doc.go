// Package fault holds the deliberate failures that a client must survive. A
// fault belongs to one manufacturer, and to some of its users if it has a
// pattern; it fires a number of times, or for a share of the requests, and
// ends by itself.
//
// This package decides when a fault fires; what it does to an answer, package
// mock does.
package fault
