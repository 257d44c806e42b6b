package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"
)

// failure is why no answer, or no whole one, came.
type failure string

const (
	none        failure = ""
	timedOut    failure = "no answer in time"
	unreachable failure = "no connection"
	untrusted   failure = "no trusted TLS connection"
	closed      failure = "the connection was closed without an answer"
	notHTTP     failure = "an answer that is not HTTP"
	malformed   failure = "an HTTP answer whose head is malformed"
	cutShort    failure = "an answer that is cut short"
	interrupted failure = "interrupted"
	outOfTime   failure = "cut off by the deadline of the run"
	unmade      failure = "the request cannot be made"
	spent       failure = "not sent: the requests of the profile are used up"
	putOff      failure = "put off by the target"
)

// isOurs reports whether the request was not sent, or not waited for, because
// of this program or its configuration. It says nothing of the target.
func (f failure) isOurs() bool {
	return f == interrupted || f == outOfTime || f == unmade || f == spent
}

// decidesNothing reports whether a target cannot be blamed.
func (f failure) decidesNothing() bool {
	return f.isOurs() || f == unreachable || f == untrusted || f == putOff
}

// answer is what came back for one request, as it came.
type answer struct {
	request  *request
	sentURL  string
	sent     http.Header // as sent, keys included
	started  time.Time
	took     time.Duration
	failure  failure
	err      error // behind failure
	status   int
	proto    string
	header   http.Header
	body     []byte
	size     int64
	recorded bool   // by somebody else, who may have undone a content coding
	miscoded bool   // Content-Encoding names a coding that the body is not in
	behind   string // what came behind it on its connection, where that was looked at
	value    any    // the body decoded, where it is JSON
	isJSON   bool   // value holds
	findings []finding
}

// came tells whether an HTTP answer came at all, cut short or not.
func (a *answer) came() bool { return a.status != 0 }

// broken tells whether no answer came, or none that can be read.
func (a *answer) broken() bool {
	return a.failure == closed || (a.failure == notHTTP || a.failure == malformed) && !a.came()
}

// is tells whether the status is the documented one, which may be a range.
func (a *answer) is(status string) bool {
	if !a.came() {
		return false
	}
	r := a.request.op.documented(a.status)
	return r != nil && strings.EqualFold(r.status, status)
}

// excused tells whether the answer is a documented server error for what
// parsers and stores commonly trip over, which the check that sent it weighs.
func (a *answer) excused() bool {
	return a.request.excused && a.status/100 == 5 && a.looksDocumented()
}

// fromFirewall tells whether an answer is a refusal in other than the
// contract's shape, as of a firewall or a proxy in front of the service.
func (a *answer) fromFirewall() bool {
	return a.status/100 == 4 && (!a.looksDocumented() || !a.isJSON)
}

// binds tells whether the answer must be as the contract says. What no honest
// client sends may be answered by what stands before the service, in its own
// way; and what a server makes of a body that it should have refused, or need
// not be able to read, only the client sees that sent it.
func (a *answer) binds() bool {
	r := a.request
	return !r.hostile && !(r.attack && a.fromFirewall()) && !(a.succeeded() && (r.intent == breaks || r.excused))
}

// succeeded tells whether the status is one that is documented for a success.
func (a *answer) succeeded() bool {
	op := a.request.op
	return a.came() && op.success() != "" && op.meaning(op.success()).has(a.status)
}

// member reads a property of the body as a string.
func (a *answer) member(name string) (string, bool) {
	members, _ := a.value.(map[string]any)
	text, ok := members[name].(string)
	return text, ok
}

// says puts the answer into a few words.
func (a *answer) says() string {
	if !a.came() {
		return string(a.failure)
	}
	text := statusText(a.status)
	if location := a.header.Get("Location"); location != "" && a.status/100 == 3 {
		text += " to " + location
	}
	if a.failure == cutShort {
		text += ", " + string(cutShort)
	}
	if a.failure == timedOut {
		text += ", but its body did not come in time"
	}
	return text
}

// classify finds the reason in an error of net/http.
func classify(err error) failure {
	var (
		dial      *net.OpError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		dns       *net.DNSError
		head      *headError
	)
	switch text := err.Error(); {
	case strings.HasPrefix(text, "net/http: invalid"), strings.Contains(text, "unsupported protocol scheme"): // of a request
		return unmade
	case errors.Is(err, context.Canceled):
		return interrupted
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return timedOut
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return notHTTP
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &alert), strings.Contains(text, "tls: "):
		return untrusted
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial", strings.Contains(text, "proxyconnect"):
		return unreachable
	case strings.Contains(text, "readLoopPeekFail"), strings.Contains(text, "Unsolicited response"): // net/http's words for one that came too early
		return closed
	case errors.As(err, &head), strings.Contains(text, "Content-Length"), strings.Contains(text, "malformed MIME header"), strings.Contains(text, "transfer encoding"):
		return malformed
	case strings.Contains(text, "malformed"), strings.Contains(text, "invalid"):
		return notHTTP
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), strings.Contains(text, "closed"), strings.Contains(text, "GOAWAY"), strings.Contains(text, "stream error"):
		return closed
	}
	return notHTTP
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// tally counts what is wrong with many responses, by their status, so that none
// hides behind another.
type tally struct {
	says   []string // the first problem under each status
	status []int
	counts []int
}

func (p *tally) add(problem string, a *answer) {
	i := slices.Index(p.status, a.status)
	if i < 0 {
		i = len(p.status)
		p.says, p.status, p.counts = append(p.says, problem), append(p.status, a.status), append(p.counts, 0)
	}
	p.counts[i]++
}

// String is the first problem, and with how many responses each where there are
// several statuses.
func (p *tally) String() string {
	if len(p.says) < 2 {
		return strings.Join(p.says, "")
	}
	words := make([]string, len(p.says))
	for i, s := range p.says {
		words[i] = fmt.Sprintf("%s (%d)", s, p.counts[i])
	}
	return strings.Join(words, ", ")
}

// finding is what one answer shows against one of the clauses that hold for
// every answer, whatever it answers.
type finding struct {
	clause   string // the name of the check: "content-type"
	expected string
	actual   string
}

// decompress undoes a content coding: a server may use one when the request
// says nothing of codings (RFC 9110, section 12.5.3). A body that can be read
// without it is not in that coding.
func (a *answer) decompress() {
	coding := strings.ToLower(strings.TrimSpace(a.header.Get("Content-Encoding")))
	if !slices.Contains([]string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}, coding) || a.failure != none {
		return
	}
	if jsonProblem(a.body) == "" {
		a.miscoded = !a.recorded
		return
	}
	if !strings.HasSuffix(coding, "gzip") {
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return
	}
	if plain, err := io.ReadAll(io.LimitReader(r, maxAnswer)); err == nil {
		a.body = plain
	}
}

// The clauses of every answer, by the name of their check.
const (
	clauseContentType = "content-type"
	clauseJSON        = "json"
	clauseSchema      = "schema"
	clauseHeaders     = "headers"
	clauseNonEmpty    = "non-empty"
	clauseUniqueNames = "unique-names"
	clauseInternals   = "no-internals"
	clauseKey         = "no-key"
	clauseCache       = "no-shared-cache"
)

// echoesAnother reports whether a success returns another user id than was
// sent.
func (a *answer) echoesAnother() bool {
	sent, known := a.request.names()
	got, ok := a.member(a.request.op.rules.echo)
	return known && ok && a.succeeded() && got != sent
}

func (a *answer) end() time.Time { return a.started.Add(a.took) }

// success tells whether the answer is a documented success.
func (a *answer) success() bool { return a.status/100 == 2 && a.request.op.documented(a.status) != nil }

// keyRefused tells whether the answer is about the key, of which a recording
// does not say whether it is good.
func (a *answer) keyRefused() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// leavesOpen reports whether a request was sent and its response does not say
// what became of it.
func (a *answer) leavesOpen() bool {
	switch a.failure {
	case unreachable, untrusted, spent, putOff, unmade:
		return false
	case none, cutShort:
		return a.status/100 == 5
	}
	return a.sentURL != ""
}

// looksDocumented tells whether the status is documented, and the body is what
// the contract says for it.
func (a *answer) looksDocumented() bool {
	ofShape := []string{clauseContentType, clauseJSON, clauseSchema}
	return a.request.op.documented(a.status) != nil && a.failure == none &&
		!slices.ContainsFunc(a.findings, func(f finding) bool { return slices.Contains(ofShape, f.clause) })
}
