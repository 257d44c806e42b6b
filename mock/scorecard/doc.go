// Package scorecard tells from the exchanges of a client which documented
// responses it has met and which mistakes it makes: what its developer would
// otherwise learn in production.
package scorecard
