package journal

// ForUser returns the query for the requests of one user only.
func (q Query) ForUser(userID string) Query {
	q.UserID = &userID
	return q
}

// Of returns the query for the requests to one manufacturer only; "" for those
// that belong to nobody.
func (q Query) Of(manufacturer string) Query {
	q.Manufacturer = &manufacturer
	return q
}

// ForUser returns the expectation of requests of one user.
func (x Expectation) ForUser(userID string) Expectation {
	x.UserID = &userID
	return x
}

// Of returns the expectation of requests to one manufacturer; "" for those that
// belong to nobody.
func (x Expectation) Of(manufacturer string) Expectation {
	x.Manufacturer = &manufacturer
	return x
}

// Exactly returns the expectation of n requests, no more and no fewer.
func (x Expectation) Exactly(n int) Expectation {
	x.Times, x.AtLeast, x.AtMost = &n, nil, nil
	return x
}

// Never returns the expectation of no such request.
func (x Expectation) Never() Expectation { return x.Exactly(0) }

// Between returns the expectation of least to most requests.
func (x Expectation) Between(least, most int) Expectation {
	x.Times, x.AtLeast, x.AtMost = nil, &least, &most
	return x
}
