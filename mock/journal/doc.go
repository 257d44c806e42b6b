// Package journal remembers what the mock was asked and what it answered, and
// why. It is bounded by count and by bytes: the oldest entries make room for
// new ones and are counted. Every entry belongs to one manufacturer, or to
// nobody where the request did not say.
//
// Entries hold no key, only fingerprints; whoever adds one sees to that.
package journal
