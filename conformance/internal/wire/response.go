package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
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

	"github.com/andybalholm/brotli"

	"nox.energy/contract/conformance/internal/contract"
)

// Failure is why no response, or no whole one, came.
type Failure string

const (
	NoFailure        Failure = ""
	TimedOut         Failure = "no response before the timeout"
	Unreachable      Failure = "no connection"
	Untrusted        Failure = "no trusted TLS connection"
	ConnectionClosed Failure = "the connection was closed without a response"
	NotHTTP          Failure = "a response that is not HTTP"
	Malformed        Failure = "an HTTP response with malformed headers"
	Truncated        Failure = "a truncated response"
	Interrupted      Failure = "interrupted"
	DeadlineReached  Failure = "stopped by the deadline of the run"
	invalidRequest   Failure = "the request cannot be built"
	BudgetSpent      Failure = "not sent: the profile allows no more requests"
	Postponed        Failure = "deferred by the target"
	Oversized        Failure = "the response headers are larger than nox-conformance reads"
	Unread           Failure = "the response body is larger than nox-conformance reads"
	Unjudged         Failure = "the response could not be judged"
)

// IsOurs reports whether this program or its configuration kept a request from
// being sent or waited for.
func (f Failure) IsOurs() bool {
	return f == Interrupted || f == DeadlineReached || f == invalidRequest || f == BudgetSpent
}

// IsInconclusive reports whether the failure says nothing of the target.
func (f Failure) IsInconclusive() bool {
	return f.IsOurs() || f == Unreachable || f == Untrusted || f == Postponed || f == Oversized || f == Unjudged
}

// Response is what came back for one request, as received.
type Response struct {
	Request    *Request
	SentURL    string
	SentHeader http.Header // as sent, keys included
	Started    time.Time
	Duration   time.Duration
	Failure    Failure
	Err        error // behind failure
	Status     int
	Proto      string
	Header     http.Header
	Body       []byte
	Size       int64
	IsPartial  bool   // body is only the beginning of what came
	IsRecorded bool   // by somebody else, who may have undone a content coding
	IsMiscoded bool   // Content-Encoding names a coding that the body is not in
	Extra      string // what came behind it on its connection, where that was looked at
	Value      any    // the body decoded, where it is JSON
	IsJSON     bool   // value holds
	Findings   []Finding
}

// Arrived reports whether an HTTP response arrived, complete or not.
func (a *Response) Arrived() bool { return a.Status != 0 }

// IsBroken reports whether no response arrived, or none that can be read.
func (a *Response) IsBroken() bool {
	return a.Failure == ConnectionClosed || (a.Failure == NotHTTP || a.Failure == Malformed) && !a.Arrived()
}

// HasStatus reports whether the contract's response of that status, which may
// be a range, applies.
func (a *Response) HasStatus(status string) bool {
	if !a.Arrived() {
		return false
	}
	r := a.Request.Op.ResponseFor(a.Status)
	return r != nil && strings.EqualFold(r.Status, status)
}

// IsExcused reports whether the response is a documented server error to a
// request marked by [Request.Excused].
func (a *Response) IsExcused() bool {
	return a.Request.excused && a.Status/100 == 5 && a.IsAsDocumented()
}

// IsFromFirewall reports whether the response looks like a firewall's or a
// proxy's: a refusal in another shape than the contract's.
func (a *Response) IsFromFirewall() bool {
	page := a.Status/100 == 2 && !a.IsJSON && a.Request.Op.ResponseFor(a.Status) == nil
	return page || a.Status/100 == 4 && (!a.IsAsDocumented() || !a.IsJSON)
}

// MustConform reports whether the contract applies to the response. A proxy may
// answer what no honest client sends in its own way. If a server accepts a body
// that it should have refused, only the client that sent it sees the response.
func (a *Response) MustConform() bool {
	r := a.Request
	return !r.hostile && !a.IsBlocked() && !(a.Succeeded() && (r.Intent == Breaks || r.excused))
}

// IsBlocked reports whether a firewall, or a proxy, refused what attackers send.
func (a *Response) IsBlocked() bool { return a.Request.attack && a.IsFromFirewall() }

// IsMissing reports whether the target owed an HTTP response and sent none that
// can be read.
func (a *Response) IsMissing() bool {
	return a.IsBroken() && !a.Request.mayClose && !(a.Request.IsElsewhere() && a.Failure == ConnectionClosed)
}

// IsBreakdown reports whether the target answered 5xx to a request that gives
// it no reason to.
func (a *Response) IsBreakdown() bool {
	return a.Status/100 == 5 && a.Failure != Postponed && !a.Request.hostile && !a.IsExcused()
}

// Succeeded reports whether the status is documented for a success.
func (a *Response) Succeeded() bool {
	op := a.Request.Op
	return a.Arrived() && op.SuccessStatus() != "" && op.EquivalentStatuses(op.SuccessStatus()).Contains(a.Status)
}

// Member returns a property of the body that is a string.
func (a *Response) Member(name string) (string, bool) {
	members, _ := a.Value.(map[string]any)
	text, ok := members[name].(string)
	return text, ok
}

// Summary describes the response in a few words.
func (a *Response) Summary() string {
	if !a.Arrived() {
		return string(a.Failure)
	}
	text := contract.StatusText(a.Status)
	if location := a.Header.Get("Location"); location != "" && a.Status/100 == 3 {
		text += " to " + location
	}
	if a.Failure == Truncated {
		text += ", " + string(Truncated)
	}
	if a.Failure == TimedOut {
		text += ", but the body timed out"
	}
	return text
}

// FailureOf returns the failure that an error of net/http stands for.
func FailureOf(err error) Failure {
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
	case errors.Is(err, errLongHead), strings.Contains(text, "response headers exceeded"), strings.Contains(text, "header list larger than"):
		return Oversized
	case strings.HasPrefix(text, "net/http: invalid"), strings.Contains(text, "unsupported protocol scheme"): // of a request
		return invalidRequest
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return TimedOut
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return NotHTTP
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &alert), strings.Contains(text, "tls: "):
		return Untrusted
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial", strings.Contains(text, "proxyconnect"):
		return Unreachable
	case isOwnClosing(err), strings.Contains(text, "readLoopPeekFail"), strings.Contains(text, "Unsolicited response"): // net/http's words for one that came too early
		return ConnectionClosed
	case errors.As(err, &head), strings.Contains(text, "Content-Length"), strings.Contains(text, "malformed MIME header"), strings.Contains(text, "transfer encoding"):
		return Malformed
	case strings.Contains(text, "malformed"), strings.Contains(text, "invalid"):
		return NotHTTP
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), strings.Contains(text, "closed"), strings.Contains(text, "GOAWAY"), strings.Contains(text, "stream error"):
		return ConnectionClosed
	}
	return NotHTTP
}

// isOwnClosing reports whether this program closed the connection, as an idle one, while
// the request took it.
func isOwnClosing(err error) bool {
	return err != nil && strings.Contains(err.Error(), "CloseIdleConnections called")
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// Tally counts the problems of many responses by status, so that none hides
// another.
type Tally struct {
	says   []string // the first problem under each status
	status []int
	counts []int
}

// Add counts a problem under the status of its response.
func (p *Tally) Add(problem string, a *Response) {
	i := slices.Index(p.status, a.Status)
	if i < 0 {
		i = len(p.status)
		p.says, p.status, p.counts = append(p.says, problem), append(p.status, a.Status), append(p.counts, 0)
	}
	p.counts[i]++
}

// String returns the first problem, with counts if there are several statuses.
func (p *Tally) String() string {
	if len(p.says) < 2 {
		return strings.Join(p.says, "")
	}
	words := make([]string, len(p.says))
	for i, s := range p.says {
		words[i] = fmt.Sprintf("%s (%d)", s, p.counts[i])
	}
	return strings.Join(words, ", ")
}

// Finding is what a response breaks of one clause of every response.
type Finding struct {
	Clause   string // the name of the check: "content-type"
	Expected string
	Actual   string
}

// Decompress undoes a content coding: a server may use one when the request
// says nothing of codings (RFC 9110, section 12.5.3). A body that can be read
// without it is not in that coding.
func (a *Response) Decompress() {
	coding := strings.ToLower(strings.TrimSpace(a.Header.Get("Content-Encoding")))
	if coding != "" && coding != "identity" && !strings.Contains(coding, ",") && JSONProblem(a.Body) == "" && a.Failure == NoFailure {
		a.IsMiscoded = !a.IsRecorded // also by a name that no client knows, as "utf-8"
		return
	}
	if !slices.Contains([]string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}, coding) || a.Failure != NoFailure {
		return
	}
	limit := bodyLimit(a.Request)
	plain, err := decoded(coding, a.Body, limit+1)
	switch {
	case int64(len(plain)) > limit:
		a.Body, a.IsPartial = plain[:limit], true
	case err == nil && !a.IsPartial, a.IsPartial && len(plain) > 0:
		a.Body = plain
	}
}

// decoded undoes a content coding of RFC 9110, section 8.4.1, or RFC 7932.
// Where servers send a deflated body without the zlib around it, which the
// former forbids and clients read, it is read too. It reads no more than limit.
func decoded(coding string, body []byte, limit int64) ([]byte, error) {
	var r io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(body)); errors.Is(err, zlib.ErrHeader) {
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(body))
	default:
		return nil, errors.ErrUnsupported
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, limit))
}

// The clauses of every response, by the name of their check.
const (
	ClauseContentType = "content-type"
	ClauseJSON        = "json"
	ClauseSchema      = "schema"
	ClauseHeaders     = "headers"
	ClauseNonEmpty    = "non-empty"
	ClauseUniqueNames = "unique-names"
	ClauseInternals   = "no-internals"
	ClauseKey         = "no-key"
	ClauseCache       = "no-shared-cache"
	ClauseWriteOnly   = "write-only"
)

// EchoesOtherUser reports whether a success returns another user id than was
// sent.
func (a *Response) EchoesOtherUser() bool {
	sent, known := a.Request.NamedUser()
	got, ok := a.Member(a.Request.Op.Rules.Echo)
	return known && ok && a.Succeeded() && got != sent
}

// End returns when the response ended.
func (a *Response) End() time.Time { return a.Started.Add(a.Duration) }

// IsDocumentedSuccess reports whether the response is a documented success.
func (a *Response) IsDocumentedSuccess() bool {
	return a.Status/100 == 2 && a.Request.Op.ResponseFor(a.Status) != nil
}

// RefusesKey reports whether the response is about the key. A recording does
// not say whether the key is valid.
func (a *Response) RefusesKey() bool {
	return a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden
}

// IsOutcomeUnknown reports whether a request was sent and its response does not
// say what it did.
func (a *Response) IsOutcomeUnknown() bool {
	switch a.Failure {
	case Unreachable, Untrusted, BudgetSpent, Postponed, invalidRequest:
		return false
	case NoFailure, Truncated, Unread:
		return a.Status/100 == 5
	}
	return a.SentURL != ""
}

// IsAsDocumented reports whether the status is documented, and the body is what
// the contract says for it.
func (a *Response) IsAsDocumented() bool {
	ofShape := []string{ClauseContentType, ClauseJSON, ClauseSchema}
	return a.Request.Op.ResponseFor(a.Status) != nil && a.Failure == NoFailure &&
		!slices.ContainsFunc(a.Findings, func(f Finding) bool { return slices.Contains(ofShape, f.Clause) })
}
