package trial

import (
	"encoding/base64"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/wire"
)

// maxEvidence bounds the bytes of a body that a report keeps.
const maxEvidence = 16 << 10

// shownWeight is how much the responses of a result may weigh until less is
// shown of each.
const shownWeight = 16 << 20

// Exchange returns what a report may show of a response and its request.
func (s *Session) Exchange(a *wire.Response) conformance.Exchange {
	if s.shown.Add(int64(a.Weight())) > shownWeight {
		small := *a
		small.Shrink(littleBody, math.MaxInt, littleFields)
		a = &small
	}
	out := trafficOf(s, a)
	out.Curl = s.Redactor.RedactOwn(curlCommand(s, a))
	return out
}

// trafficOf is an exchange without a command that repeats it.
func trafficOf(s *Session, a *wire.Response) conformance.Exchange {
	out := conformance.Exchange{
		Request: conformance.Request{
			Method: a.Request.Method, URL: s.Redactor.Redact(a.SentURL),
			Headers: s.headers(a.SentHeader), Note: a.Request.KeyNote(),
		},
		Started:    a.Started.UTC(),
		DurationMS: Milliseconds(a.Duration),
	}
	for _, k := range a.Request.Keys {
		s.hideKey(a, k, out.Request.Headers)
	}
	out.Request.Body, out.Request.Base64 = s.bodyText(a.Request.Body)
	if len(a.Request.Body) > maxEvidence {
		out.Request.Size = int64(len(a.Request.Body))
	}
	if a.Failure != wire.NoFailure {
		out.Error = s.Redactor.RedactOwn(DescribeFailure(a))
	}
	if a.Arrived() {
		out.Response = &conformance.Response{Status: a.Status, Headers: s.headers(a.Header), Size: a.Size, HTTPVersion: s.Redactor.Redact(httpVersion(a.Proto))}
		out.Response.Body, out.Response.Base64 = s.bodyText(a.Body)
	}
	return out
}

// Recorder returns a function that passes each exchange to Config.Record. It is
// safe for concurrent use.
func (s *Session) Recorder() func(*wire.Response) {
	return func(a *wire.Response) {
		x := conformance.Exchange{Started: a.Started.UTC()}
		if err := guard.Call(func() { x = trafficOf(s, a) }); err != nil {
			x.Error = err.Error()
		}
		s.recording.Lock()
		defer s.recording.Unlock()
		s.mu.Lock()
		ended := s.ended
		s.mu.Unlock()
		if !ended {
			s.Config.Record(a.Request.Check, x)
		}
	}
}

// End keeps exchanges that are still under way out of the record and out of what
// the run has seen.
func (s *Session) End() {
	s.recording.Lock()
	defer s.recording.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
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
func (s *Session) hideKey(a *wire.Response, k wire.Credential, headers map[string]string) {
	if len(a.Request.Op.Security) == 0 || k.Value == "" {
		return
	}
	for _, scheme := range k.SchemesOf(a.Request.Op) {
		in, name := k.Resolve(scheme)
		if in != "header" {
			continue
		}
		for have := range headers {
			if strings.EqualFold(have, name) {
				var labels []string
				for _, each := range a.Request.Keys {
					if place, other := each.Resolve(scheme); place == in && strings.EqualFold(other, name) {
						labels = append(labels, "["+wire.LabelOf(each)+"]")
					}
				}
				headers[have] = strings.Join(labels, ", ")
			}
		}
	}
}

func (s *Session) headers(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[s.Redactor.Redact(name)] = s.Redactor.Redact(strings.ToValidUTF8(strings.Join(values, ", "), "\ufffd"))
	}
	return out
}

func (s *Session) bodyText(body []byte) (text string, isBase64 bool) {
	body = wire.WholeRunes(body[:min(len(body), keptBody)]) // and so a key that begins before the end of what is kept
	if !utf8.Valid(body) {
		// Redact first: afterwards nobody could read what stands there.
		return base64.StdEncoding.EncodeToString([]byte(s.Redactor.RedactPrefix(string(body), kept(body)))), true
	}
	return s.Redactor.RedactPrefix(string(body), kept(body)), false
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

// Milliseconds returns a duration in milliseconds, to the microsecond.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
