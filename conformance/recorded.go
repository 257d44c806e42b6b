package conformance

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// unrecorded is the failure of an answer whose status and fields are known and
// whose body is not: browsers drop bodies, and exports cut them.
const unrecorded failure = "an answer whose body was not recorded whole"

// reel makes answers of recorded entries and counts those it can make none of.
type reel struct {
	s      *session
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
			a.recorded = true
			l.s.contract.assess(a)
			l.s.answers = append(l.s.answers, seenAnswer{&check{Check: Check{Operation: a.request.op.ID}}, a})
		}
	}
}

// answer makes an answer of an entry, nil where there is none to judge.
func (l *reel) answer(e *harEntry) *answer {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Host == "" {
		l.undeclared++
		return nil
	}
	if l.target != nil && (!strings.EqualFold(u.Host, l.target.Host) || u.Scheme != l.target.Scheme) {
		l.foreign++
		return nil
	}
	op, base, path := l.s.contract.find(e.Request.Method, u.EscapedPath())
	if op == nil || l.target != nil && base != l.target.EscapedPath() {
		l.undeclared++
		return nil
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	r := l.request(e, op, u, path)
	header := recordedHeader(e.Response.Headers, e.Response.Content)
	l.secrets(header)
	a := &answer{
		request: r, sentURL: u.String(), sent: recordedHeader(e.Request.Headers, e.Request.Post), status: e.Response.Status,
		proto: e.Response.Version, header: header, body: e.Response.body.bytes, size: int64(len(e.Response.body.bytes)),
		took: time.Duration(max(e.Time, 0) * float64(time.Millisecond)),
	}
	a.started, _ = time.Parse(time.RFC3339, e.Started) // the zero time where it says none
	if !l.judgeable(a, base) {
		return nil
	}
	if !e.Response.body.whole {
		a.failure = unrecorded
		l.bodilessAnswers++
	}
	if !e.Request.body.whole {
		l.bodilessRequests++
	}
	l.noteKey(a)
	if origin := u.Scheme + "://" + u.Host + base; !slices.Contains(l.bases, origin) {
		l.bases = append(l.bases, origin)
		l.s.redactor.Spare(origin)
	}
	return a
}

// judgeable tells whether an answer says anything of the target, and counts
// those that do not.
func (l *reel) judgeable(a *answer, base string) bool {
	_, wait := patience(a, 0)
	switch {
	case a.status < 100 || a.status > 999:
		l.unanswered++
	case wait:
		l.waiting++
	case (a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed) && l.target == nil && base != l.s.contract.basePath():
		l.elsewhere++
	default:
		return true
	}
	return false
}

func (l *reel) noteKey(a *answer) {
	r := a.request
	switch {
	case len(r.op.security) > 0 && len(r.keys) == 0:
		l.keyless++
	case slices.ContainsFunc(r.keys, func(k credential) bool { return k.masked }):
		l.masked++
	}
	if a.is(r.op.success()) && len(r.keys) == 1 {
		l.good[r.keys[0].label] = true
	}
}

// settleKeys marks the keys that a request succeeded with: those are known to
// be good.
func (l *reel) settleKeys() {
	for _, each := range l.s.answers {
		for i, k := range each.answer.request.keys {
			each.answer.request.keys[i].good = l.good[k.label]
		}
	}
}

// request makes the request of an entry. Its intent says what the contract
// makes of it.
func (l *reel) request(e *harEntry, op *operation, u *url.URL, path string) *request {
	header := recordedHeader(e.Request.Headers, e.Request.Post)
	r := &request{op: op, method: e.Request.Method, path: path, query: u.RawQuery, header: header.Clone(), body: e.Request.body.bytes}
	r.keys = l.keys(r, u)
	l.secrets(header)
	if len(op.security) > 0 {
		if in, name := resolvePlace(declared, op.security[0]); in == "header" {
			r.header.Del(name)
		}
	}
	for _, name := range []string{"Host", "Content-Length", "Connection", "Accept-Encoding", "Cookie", "Authorization", "Proxy-Authorization"} {
		r.header.Del(name)
	}
	r.provokes = l.provoked(r, recordedHeader(e.Response.Headers, nil))
	r.provoked = r.provokes != ""
	r.intent = l.s.contract.validity(r, e.Request.body.whole)
	if e.Request.body.whole {
		r.subject = subjectOf(r)
	}
	return r
}

// provoked tells which status a request asked for: the answer says that it did
// what Prefer asked (RFC 7240, section 3), or the configuration says that such
// requests are made to bring the status about.
func (l *reel) provoked(r *request, answered http.Header) string {
	if applied := answered.Get("Preference-Applied"); strings.HasPrefix(applied, "code=") {
		return applied[len("code="):]
	}
	for _, p := range l.s.cfg.Provoke {
		name, value, _ := strings.Cut(p.Header, ":")
		if p.Header != "" && r.header.Get(name) == strings.TrimSpace(value) || p.Body != "" && string(r.body) == p.Body {
			return p.Status
		}
	}
	return ""
}

// keys reads the keys that a request carried where the contract wants them, and
// makes each a secret. One key at two targets is two. Each masked key counts as
// a key of its own, as two may belong to two manufacturers.
func (l *reel) keys(r *request, u *url.URL) []credential {
	if len(r.op.security) == 0 {
		return nil
	}
	var values []string
	switch in, name := resolvePlace(declared, r.op.security[0]); in {
	case "header":
		values = r.header.Values(name)
	case "query":
		values = u.Query()[name]
	case "cookie":
		for _, c := range (&http.Request{Header: r.header}).CookiesNamed(name) {
			values = append(values, c.Value)
		}
	default: // bearer, basic
		for _, v := range r.header.Values("Authorization") {
			if scheme, credentials, _ := strings.Cut(v, " "); strings.EqualFold(scheme, in) {
				values = append(values, credentials)
			}
		}
	}
	var out []credential
	for _, value := range values {
		if isMask(value) && !l.labelled {
			label := "masked key " + itoa(l.total)
			out = append(out, credential{value: value, label: label, shell: `"$NOX_API_KEY"`, masked: true})
			continue
		}
		at := u.Scheme + "://" + u.Host + "\x00" + value
		if l.labels[at] == "" {
			l.labels[at] = "key " + itoa(len(l.labels)+1) + " of the recording"
		}
		l.s.redactor.Add(value, l.labels[at])
		out = append(out, credential{value: value, label: l.labels[at], shell: `"$NOX_API_KEY"`})
	}
	return out
}

// longSecret is from how many bytes on a part of a credential is looked for by
// itself: shorter ones are words.
const longSecret = 8

// secrets makes known the credentials that a recording holds beside the keys:
// what browsers and proxies log in and out with.
func (l *reel) secrets(header http.Header) {
	secret, whole := l.s.redactor.Add, l.s.redactor.AddWhole
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
	for _, op := range l.s.contract.operations {
		if len(op.security) == 0 {
			continue
		}
		if in, name := resolvePlace(declared, op.security[0]); in == "header" {
			if value := harHeader(headers, name); !isMask(value) {
				l.s.redactor.Add(value, "a key of the recording")
			}
		}
	}
}
