package conformance

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxEvidence bounds the bytes of a body that a report keeps.
const maxEvidence = 16 << 10

// exchange turns an answer into what a report may show of it.
func (s *session) exchange(a *answer) Exchange {
	out := s.traffic(a)
	out.Curl = s.redactor.RedactOwn(s.curl(a))
	return out
}

// traffic is an exchange without a command that repeats it.
func (s *session) traffic(a *answer) Exchange {
	out := Exchange{
		Request: Request{
			Method: a.request.method, URL: s.redactor.Redact(a.sentURL),
			Headers: s.headers(a.sent), Note: a.request.note(),
		},
		Started:    a.started.UTC(),
		DurationMS: milliseconds(a.took),
	}
	for _, k := range a.request.keys {
		s.hideKey(a, k, out.Request.Headers)
	}
	out.Request.Body, out.Request.Base64 = s.bodyText(a.request.body)
	if len(a.request.body) > maxEvidence {
		out.Request.Size = int64(len(a.request.body))
	}
	if a.failure != none {
		out.Error = s.redactor.RedactOwn(failureWords(a))
	}
	if a.came() {
		out.Response = &Response{Status: a.status, Headers: s.headers(a.header), Size: a.size, HTTPVersion: s.redactor.Redact(httpVersion(a.proto))}
		out.Response.Body, out.Response.Base64 = s.bodyText(a.body)
	}
	return out
}

// recorder passes each exchange on as soon as it ends.
func (s *session) recorder() func(*answer) {
	var mu sync.Mutex
	return func(a *answer) {
		x := s.traffic(a)
		mu.Lock()
		defer mu.Unlock()
		s.cfg.Record(a.request.check, x)
	}
}

// httpVersion writes a version of HTTP as RFC 9110, section 2.5, does: no minor
// version where there is none. Recorders also write the names of ALPN.
func httpVersion(proto string) string {
	switch strings.ToUpper(proto) {
	case "HTTP/2.0", "H2", "H2C":
		return "HTTP/2"
	case "HTTP/3.0", "H3":
		return "HTTP/3"
	case "UNKNOWN":
		return ""
	}
	return strings.ToUpper(proto)
}

// hideKey replaces a key where the request carries it, however short it is.
func (s *session) hideKey(a *answer, k credential, headers map[string]string) {
	if len(a.request.op.security) == 0 || k.value == "" {
		return
	}
	for _, scheme := range a.request.op.schemesOf(k.in, k.spare) {
		in, name := k.resolve(scheme)
		if in != "header" {
			continue
		}
		for have := range headers {
			if strings.EqualFold(have, name) {
				var labels []string
				for _, each := range a.request.keys {
					if place, other := each.resolve(scheme); place == in && strings.EqualFold(other, name) {
						labels = append(labels, "["+labelOf(each)+"]")
					}
				}
				headers[have] = strings.Join(labels, ", ")
			}
		}
	}
}

func (s *session) headers(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[s.redactor.Redact(name)] = s.redactor.Redact(strings.ToValidUTF8(strings.Join(values, ", "), "\ufffd"))
	}
	return out
}

func (s *session) bodyText(body []byte) (text string, isBase64 bool) {
	if !utf8.Valid(body) {
		// Redact first: afterwards nobody could read what stands there.
		return base64.StdEncoding.EncodeToString([]byte(s.redactor.RedactTo(string(body), kept(body)))), true
	}
	return s.redactor.RedactTo(string(body), kept(body)), false
}

// kept is how much of a body a report keeps, in whole characters.
func kept(b []byte) int {
	if len(b) <= maxEvidence {
		return len(b)
	}
	cut := maxEvidence
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return cut
}
