package runner

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// reel makes answers of recorded entries and counts those it can make none of.
type reel struct {
	s      *trial.Session
	target *url.URL          // nil: any host
	labels map[string]string // of each key, by where it was sent and its value
	good   map[string]bool   // labels of keys that a request succeeded with
	bases  []string          // base URLs that answers came from

	broken                                                     []string // entries that cannot be read
	labelled                                                   bool     // keys are masked by labels of their own
	total, foreign, undeclared, unanswered, elsewhere, waiting int      // entries that are not judged
	bodilessRequests, bodilessAnswers, keyless, masked         int      // among those that are
}

// play turns a recording into answers that the session remembers.
func (l *reel) play(rec *Recording) {
	l.labelled = rec.labelled
	for i := range rec.entries {
		l.total++
		defer l.strayKeys(rec.entries[i].Request.Headers) // after those that have a name of their own
		if why := rec.entries[i].broken; why != "" {
			l.broken = append(l.broken, why)
			continue
		}
		if a := l.answer(&rec.entries[i]); a != nil {
			a.IsRecorded = true
			l.s.Contract.Assess(a)
			l.s.Seen = append(l.s.Seen, trial.SeenResponse{Check: &trial.Check{Check: conformance.Check{Operation: a.Request.Op.ID}}, Response: a})
		}
	}
}

// answer makes a response of an entry, nil where there is none to judge.
func (l *reel) answer(e *harEntry) *wire.Response {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Host == "" {
		l.undeclared++
		return nil
	}
	if l.target != nil && (!strings.EqualFold(u.Host, l.target.Host) || u.Scheme != l.target.Scheme) {
		l.foreign++
		return nil
	}
	op, base, path := l.s.Contract.FindOperation(e.Request.Method, u.EscapedPath())
	if op == nil || l.target != nil && base != l.target.EscapedPath() {
		l.undeclared++
		return nil
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	r := l.request(e, op, u, path)
	header := recordedHeader(e.Response.Headers, e.Response.Content)
	l.secrets(header)
	a := &wire.Response{
		Request: r, SentURL: u.String(), SentHeader: recordedHeader(e.Request.Headers, e.Request.Post), Status: e.Response.Status,
		Proto: e.Response.Version, Header: header, Body: e.Response.body.bytes, Size: int64(len(e.Response.body.bytes)),
		Duration: time.Duration(max(e.Time, 0) * float64(time.Millisecond)),
	}
	a.Started, _ = time.Parse(time.RFC3339, e.Started) // the zero time where it says none
	if !l.judgeable(a, base) {
		return nil
	}
	if !e.Response.body.whole {
		a.Failure = trial.BodyUnrecorded
		l.bodilessAnswers++
	}
	if !e.Request.body.whole {
		l.bodilessRequests++
	}
	l.noteKey(a)
	if origin := u.Scheme + "://" + u.Host + base; !slices.Contains(l.bases, origin) {
		l.bases = append(l.bases, origin)
		l.s.Redactor.AllowURL(origin)
	}
	return a
}

// judgeable reports whether a response says anything of the target, and counts
// those that do not.
func (l *reel) judgeable(a *wire.Response, base string) bool {
	_, wait := wire.RetryDelay(a, 0)
	switch {
	case a.Status < 100 || a.Status > 999:
		l.unanswered++
	case wait:
		l.waiting++
	case (a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed) && l.target == nil && base != l.s.Contract.BasePath():
		l.elsewhere++
	default:
		return true
	}
	return false
}

func (l *reel) noteKey(a *wire.Response) {
	r := a.Request
	switch {
	case len(r.Op.Security) > 0 && len(r.Keys) == 0:
		l.keyless++
	case slices.ContainsFunc(r.Keys, func(k wire.Credential) bool { return k.IsMasked }):
		l.masked++
	}
	if a.HasStatus(r.Op.SuccessStatus()) && len(r.Keys) == 1 {
		l.good[r.Keys[0].Label] = true
	}
}

// settleKeys marks the keys that a request succeeded with: those are known to
// be good.
func (l *reel) settleKeys() {
	for _, each := range l.s.Seen {
		for i, k := range each.Response.Request.Keys {
			each.Response.Request.Keys[i].IsValid = l.good[k.Label]
		}
	}
}

// request makes the request of an entry. Its intent says what the contract
// makes of it.
func (l *reel) request(e *harEntry, op *contract.Operation, u *url.URL, path string) *wire.Request {
	header := recordedHeader(e.Request.Headers, e.Request.Post)
	r := &wire.Request{Op: op, Method: e.Request.Method, Path: path, Query: u.RawQuery, Header: header.Clone(), Body: e.Request.body.bytes}
	r.Keys = l.keys(r, u)
	l.secrets(header)
	if len(op.Security) > 0 {
		if in, name := contract.ResolvePlace(contract.AsDeclared, op.Security[0]); in == "header" {
			r.Header.Del(name)
		}
	}
	for _, name := range []string{"Host", "Content-Length", "Connection", "Accept-Encoding", "Cookie", "Authorization", "Proxy-Authorization"} {
		r.Header.Del(name)
	}
	r.ProvokedStatus = l.provoked(r, recordedHeader(e.Response.Headers, nil))
	r.Intent = l.s.Contract.IntentOf(r, e.Request.body.whole)
	if e.Request.body.whole {
		r.Subject = judge.SubjectOf(r)
	}
	return r
}

// provoked tells which status a request asked for: the response says that it did
// what Prefer asked (RFC 7240, section 3), or the configuration says that such
// requests are made to bring the status about.
func (l *reel) provoked(r *wire.Request, answered http.Header) string {
	if applied := answered.Get("Preference-Applied"); strings.HasPrefix(applied, "code=") {
		return applied[len("code="):]
	}
	for _, p := range l.s.Config.Provoke {
		name, value, _ := strings.Cut(p.Header, ":")
		if p.Header != "" && r.Header.Get(name) == strings.TrimSpace(value) || p.Body != "" && string(r.Body) == p.Body {
			return p.Status
		}
	}
	return ""
}

// keys reads the keys that a request carried where the contract wants them, and
// makes each a secret. One key at two targets is two. Each masked key counts as
// a key of its own, as two may belong to two manufacturers.
func (l *reel) keys(r *wire.Request, u *url.URL) []wire.Credential {
	if len(r.Op.Security) == 0 {
		return nil
	}
	var values []string
	switch in, name := contract.ResolvePlace(contract.AsDeclared, r.Op.Security[0]); in {
	case "header":
		values = r.Header.Values(name)
	case "query":
		values = u.Query()[name]
	case "cookie":
		for _, c := range (&http.Request{Header: r.Header}).CookiesNamed(name) {
			values = append(values, c.Value)
		}
	default: // bearer, basic
		for _, v := range r.Header.Values("Authorization") {
			if scheme, credentials, _ := strings.Cut(v, " "); strings.EqualFold(scheme, in) {
				values = append(values, credentials)
			}
		}
	}
	var out []wire.Credential
	for _, value := range values {
		if judge.IsMaskedKey(value) && !l.labelled {
			label := "masked key " + strconv.Itoa(l.total)
			out = append(out, wire.Credential{Value: value, Label: label, ShellWord: `"$NOX_API_KEY"`, IsMasked: true})
			continue
		}
		at := u.Scheme + "://" + u.Host + "\x00" + value
		if l.labels[at] == "" {
			l.labels[at] = "key " + strconv.Itoa(len(l.labels)+1) + " of the recording"
		}
		l.s.Redactor.Add(value, l.labels[at])
		out = append(out, wire.Credential{Value: value, Label: l.labels[at], ShellWord: `"$NOX_API_KEY"`})
	}
	return out
}

// longSecret is from how many bytes on a part of a credential is looked for by
// itself: shorter ones are words.
const longSecret = 8

// secrets makes known the credentials that a recording holds beside the keys:
// what browsers and proxies log in and out with.
func (l *reel) secrets(header http.Header) {
	secret, whole := l.s.Redactor.Add, l.s.Redactor.AddWhole
	add := func(how func(secret, label string), label string, values ...string) {
		for _, v := range values {
			if len(v) >= longSecret {
				how(v, "the "+label+" of the recording")
			}
		}
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"} {
		add(whole, name, header.Values(name)...)
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, value := range header.Values(name) {
			_, credentials, _ := strings.Cut(value, " ")
			add(secret, name, credentials)
			if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				add(secret, name, password)
			}
		}
	}
	for _, c := range slices.Concat((&http.Request{Header: header}).Cookies(), (&http.Response{Header: header}).Cookies()) {
		add(secret, "cookie "+c.Name, c.Value)
	}
}

// strayKeys makes secrets of what stands in the field of the key in requests
// that are none of the contract's.
func (l *reel) strayKeys(headers []harPair) {
	for _, op := range l.s.Contract.Operations {
		if len(op.Security) == 0 {
			continue
		}
		if in, name := contract.ResolvePlace(contract.AsDeclared, op.Security[0]); in == "header" {
			if value := harHeader(headers, name); !judge.IsMaskedKey(value) {
				l.s.Redactor.Add(value, "a key of the recording")
			}
		}
	}
}
