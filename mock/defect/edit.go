package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var anyString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// Edits of the answer.

func setStatus(status int) edit { return func(x *exchange) { x.status = status } }

func setHeader(name string, values ...string) edit {
	return func(x *exchange) { x.header[name] = values }
}

// without leaves a header out. For Content-Type it also keeps net/http from
// guessing one.
func without(name string) edit { return func(x *exchange) { x.header[name] = nil } }

func contentType(values ...string) edit { return setHeader("Content-Type", values...) }

func setBody(text string) edit { return func(x *exchange) { x.body = []byte(text) } }

// rewrite changes the body's text.
func rewrite(f func(string) string) edit {
	return func(x *exchange) { x.body = []byte(f(string(x.body))) }
}

func behind(text string) edit { return rewrite(func(s string) string { return s + text }) }
func ahead(text string) edit  { return rewrite(func(s string) string { return text + s }) }

// around puts the body into another text, at its %.
func around(text string) edit {
	return rewrite(func(s string) string { return strings.Replace(text, "%", strings.TrimSpace(s), 1) })
}

// fail answers a status with the contract's error body.
func fail(status int, message string) edit {
	return func(x *exchange) {
		x.status, x.header = status, http.Header{}
		contentType("application/json")(x)
		x.body = []byte(`{"` + messageName + `":` + quote(message) + `}`)
	}
}

// serverError answers the contract's 500.
func serverError() edit { return fail(http.StatusInternalServerError, "Internal server error") }

// page answers a status with an HTML page.
func page(status int, text string) edit {
	return func(x *exchange) {
		x.status, x.header = status, http.Header{}
		contentType("text/html; charset=utf-8")(x)
		x.body = []byte("<!DOCTYPE html><html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n")
	}
}

// setRaw replaces a member's value by other JSON text; nothing else changes.
func setRaw(name, value string) edit {
	return func(x *exchange) {
		if s, ok := member(x.body, name); ok {
			x.body = splice(x.body, s.start, s.end, value)
		}
	}
}

func setText(name, value string) edit { return setRaw(name, quote(value)) }

// mapRaw changes the JSON text of a member's value.
func mapRaw(name string, f func(string) string) edit {
	return func(x *exchange) {
		if s, ok := member(x.body, name); ok {
			x.body = splice(x.body, s.start, s.end, f(string(x.body[s.start:s.end])))
		}
	}
}

// mapText changes a member that is a string; one that f leaves alone stays as
// it is written.
func mapText(name string, f func(string) string) edit {
	return func(x *exchange) {
		if was, ok := memberText(x.body, name); ok {
			if now := f(was); now != was {
				setText(name, now)(x)
			}
		}
	}
}

func echo(f func(string) string) edit { return mapText(echoName, f) }

func rename(name, by string) edit {
	return func(x *exchange) {
		if s, ok := member(x.body, name); ok {
			x.body = splice(x.body, s.nameStart, s.start, quote(by)+":")
		}
	}
}

// add puts a member behind the others.
func add(name, raw string) edit {
	return func(x *exchange) {
		m := members(x.body)
		if len(m) == 0 {
			return
		}
		end := m[len(m)-1].end
		x.body = splice(x.body, end, end, ","+quote(name)+":"+raw)
	}
}

// remove takes a member away.
func remove(name string) edit {
	return func(x *exchange) {
		var kept []string
		for _, s := range members(x.body) {
			if s.name != name {
				kept = append(kept, string(x.body[s.nameStart:s.end]))
			}
		}
		x.body = []byte("{" + strings.Join(kept, ",") + "}")
	}
}

// decorated adds what f makes of the exchange, as a member or as a header.
func decorated(e func(value string) edit, f func(*exchange) string) edit {
	return func(x *exchange) { e(f(x))(x) }
}

// Edits of the request.

// ask has the sound handler see another user_id, given as JSON text; the
// body's other members are gone.
func ask(raw func(*exchange) string) edit {
	return func(x *exchange) { x.send([]byte(`{"` + userName + `":` + raw(x) + `}`)) }
}

// askFor is ask with one text.
func askFor(user string) edit {
	return ask(func(*exchange) string { return quote(user) })
}

// askAsText takes the user_id, whatever its kind, for the string that it is
// written as.
func askAsText(x *exchange) string {
	s, ok := member(x.sent, userName)
	if !ok {
		s, ok = userAlias(x.sent)
	}
	if !ok {
		return quote("undefined")
	}
	raw := x.sent[s.start:s.end]
	if raw[0] == '"' {
		return string(raw)
	}
	return quote(string(raw))
}

// askWhole takes the whole body for the user_id.
func askWhole(x *exchange) string {
	var s string
	if json.Unmarshal(x.sent, &s) == nil {
		return quote(s)
	}
	return quote(strings.TrimSpace(string(x.sent)))
}

// repaired replaces a body that is not JSON by what f makes of it, if that is.
func repaired(f func(string) string) edit {
	return func(x *exchange) {
		if fixed := f(string(x.sent)); valid([]byte(fixed)) {
			x.send([]byte(fixed))
		}
	}
}

// Ways of putting the answer on the wire.

func writeWhole(w http.ResponseWriter, x *exchange) {
	if x.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(x.body)))
	}
	writeHead(w, x)
	_, _ = w.Write(x.body) // a client that has gone is no news
}

func writeHead(w http.ResponseWriter, x *exchange) {
	for name, values := range x.header {
		w.Header()[name] = values
	}
	w.WriteHeader(x.status)
}

// written says how the answer is put on the wire.
func written(f func(http.ResponseWriter, *exchange)) edit {
	return func(x *exchange) { x.write = f }
}

// writeBehind sends an answer, and on its connection something that does not
// belong to it.
func writeBehind(text string) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		if x.request.Method == http.MethodHead {
			writeByHand(w, x, text)
			return
		}
		writeByHand(w, x, string(x.body)+text)
	}
}

// writeBothLengths sends an answer in a chunk, with a Content-Length beside it.
func writeBothLengths(w http.ResponseWriter, x *exchange) {
	x.header = x.header.Clone()
	x.header.Set("Transfer-Encoding", "chunked")
	writeByHand(w, x, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(x.body), x.body))
}

// writeByHand writes a head with the length of the body to the connection, then
// what is to stand behind it, and closes. Over HTTP/2 the answer is sent as it
// should be.
func writeByHand(w http.ResponseWriter, x *exchange, behind string) {
	_, _ = io.Copy(io.Discard, x.request.Body) // what is left unread would reset the connection
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		writeWhole(w, x)
		return
	}
	defer conn.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", x.status, http.StatusText(x.status))
	head := x.header.Clone()
	head.Set("Content-Length", strconv.Itoa(len(x.body)))
	head.Set("Connection", "close")
	_ = head.Write(&b) // a buffer never fails
	b.WriteString("\r\n" + behind)
	_, _ = conn.Write(b.Bytes()) // nobody is left to be told
}

// dropped closes the connection without an answer.
func dropped(x *exchange) {
	x.write = func(http.ResponseWriter, *exchange) { panic(http.ErrAbortHandler) }
}

func pause(d time.Duration) edit { return func(*exchange) { time.Sleep(d) } }
