package wire

import "net/url"

// sendOptions are how a request is sent, and what its response may be blamed for.
type sendOptions struct {
	base           *url.URL // if set, where it is sent instead of to the target
	bodiless       bool
	raw            bool
	chunked        bool
	fresh          bool
	single         bool
	expectContinue bool
	barrier        *Barrier // if set, the body is held back until it opens
	mayClose       bool
	keyName        string // the header of the key, if not spelt as declared
	hostile        bool
	excused        bool
	brief          bool
	attack         bool
	parts          int  // packets that the body is sent in after the head, 0: with it
	http10         bool // HTTP/1.0
	pipelined      bool // behind another like it, in one packet
	path           bool // the path is another spelling of the operation's
}

// changed returns a copy of the request that travels in another way.
func (r *Request) changed(change func(*sendOptions)) *Request {
	c := r.Clone()
	change(&c.sendOptions)
	return c
}

// Fresh sends the request on a new connection.
func (r *Request) Fresh() *Request { return r.changed(func(o *sendOptions) { o.fresh = true }) }

// Single sends the request on the connection that all single requests share.
func (r *Request) Single() *Request { return r.changed(func(o *sendOptions) { o.single = true }) }

// Raw sends the request on a new connection, and reads what follows the
// response on it.
func (r *Request) Raw() *Request { return r.changed(func(o *sendOptions) { o.raw = true }) }

// InParts sends the head, and the body after it in so many packets; in chunks
// if the request is chunked.
func (r *Request) InParts(n int) *Request {
	return r.Raw().changed(func(o *sendOptions) { o.parts = n })
}

// ByHTTP10 sends the request by HTTP/1.0.
func (r *Request) ByHTTP10() *Request {
	return r.Raw().changed(func(o *sendOptions) { o.http10 = true })
}

// Pipelined sends the request twice in one packet. The response is the second.
func (r *Request) Pipelined() *Request {
	return r.Raw().changed(func(o *sendOptions) { o.pipelined = true })
}

// AtPath sends the request to another path, as one that is not the
// operation's.
func (r *Request) AtPath(path string) *Request {
	c := r.Unconfirmed().WithoutSubject().Hostile()
	c.Path, c.path = path, true
	return c
}

// Chunked sends the body with Transfer-Encoding instead of Content-Length.
func (r *Request) Chunked() *Request { return r.changed(func(o *sendOptions) { o.chunked = true }) }

// ExpectContinue sends Expect: 100-continue, and the body once the target asks
// for it.
func (r *Request) ExpectContinue() *Request {
	return r.changed(func(o *sendOptions) { o.expectContinue = true })
}

// Held sends the header, and the body once b opens. The target may close the
// connection instead.
func (r *Request) Held(b *Barrier) *Request {
	return r.changed(func(o *sendOptions) { o.barrier, o.mayClose = b, true })
}

// MayClose allows the target to close the connection instead of responding.
func (r *Request) MayClose() *Request { return r.changed(func(o *sendOptions) { o.mayClose = true }) }

// Hostile marks a request that no honest client sends: a 5xx is only worth a
// warning.
func (r *Request) Hostile() *Request { return r.changed(func(o *sendOptions) { o.hostile = true }) }

// Excused marks a request that parsers and stores commonly fail on: a
// documented 5xx is only worth a warning.
func (r *Request) Excused() *Request { return r.changed(func(o *sendOptions) { o.excused = true }) }

// Brief waits for the response not much longer than other responses took: a target
// need not send one.
func (r *Request) Brief() *Request { return r.changed(func(o *sendOptions) { o.brief = true }) }

// Attack marks a request that contains what attackers send: a firewall's page
// is only worth a warning.
func (r *Request) Attack() *Request { return r.changed(func(o *sendOptions) { o.attack = true }) }

// To sends the request to another base URL than the target's.
func (r *Request) To(base *url.URL) *Request {
	return r.changed(func(o *sendOptions) { o.base = base })
}

// WithKeyName spells the header of the key in another way.
func (r *Request) WithKeyName(name string) *Request {
	return r.changed(func(o *sendOptions) { o.keyName = name })
}

// WithoutBody sends neither a body nor a Content-Length.
func (r *Request) WithoutBody() *Request {
	c := r.WithText(nil, Breaks)
	c.bodiless = true
	return c
}

// WithoutSubject sends the request as one about no user that the check knows.
func (r *Request) WithoutSubject() *Request {
	c := r.Clone()
	c.Subject = ""
	return c
}

// Unconfirmed sends the request without claiming that it fits the contract or
// breaks it.
func (r *Request) Unconfirmed() *Request {
	c := r.Clone()
	c.Intent = Either
	return c
}

// AtUnknownPath sends the request to a path that no contract declares, ending in
// suffix.
func (r *Request) AtUnknownPath(suffix string) *Request {
	c := r.Unconfirmed().WithoutSubject()
	c.Path += UnknownPathSuffix + suffix
	return c
}

// Provoking sends the request to make the target respond with a status.
func (r *Request) Provoking(status string) *Request {
	c := r.Unconfirmed()
	c.ProvokedStatus = status
	return c
}

// AsDocumented returns a copy without the options that only change how it is
// sent.
func (r *Request) AsDocumented() *Request {
	return r.changed(func(o *sendOptions) { *o = sendOptions{bodiless: o.bodiless, keyName: o.keyName, path: o.path} })
}

// IsChunked reports whether the body is sent with Transfer-Encoding.
func (r *Request) IsChunked() bool { return r.chunked }

// ExpectsContinue reports whether the request carries Expect: 100-continue.
func (r *Request) ExpectsContinue() bool { return r.expectContinue }

// IsSingle reports whether the request is sent on the shared connection.
func (r *Request) IsSingle() bool { return r.single }

// IsHeld reports whether the request is released together with others.
func (r *Request) IsHeld() bool { return r.barrier != nil }

// KeyName returns the header of the key, "" if it is spelt as declared.
func (r *Request) KeyName() string { return r.keyName }
