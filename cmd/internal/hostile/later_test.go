package hostile

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// gate is how many requests are answered rightly, so that the run is under way.
const gate = 3

// later are rows that begin as right servers, over HTTP/1 and HTTP/2, and harm what
// only a run under way has: connections that are used again, many requests at a
// time, large bodies.
func later() []target {
	rows := []target{
		{name: "later: closed behind another byte each time", serve: stopping(func(c *conn) {})},
		{name: "later: reset behind another byte each time", serve: stopping((*conn).reset)},
		{name: "later: silence behind another byte each time", serve: stopping((*conn).hold)},
		{name: "later: somebody else's response behind each", serve: remembering(func(c *conn, a, before answer) bool { return c.send(a.text() + before.text()) })},
		{name: "later: the response to the request before", serve: remembering(func(c *conn, _, before answer) bool { return c.send(before.text()) })},
		{name: "later: another kind of harm each time", serve: func(c *conn) {
			kinds := slices.Concat(statusLines(), fields(), chunks(), interim())
			turning(gate, func(c *conn) {
				// What answers the next request; this one gets a right beginning.
				c.send(sized(`{`))
				kinds[int(c.requests.Load())%len(kinds)].serve(c)
			})(c)
		}},
		{name: "later: every status in turn", all: true, serve: changingLater(func(n int64, a *answer) { a.status = 200 + int(n)%400 })},
		{name: "later: another text of 60 KiB each time", all: true, serve: changingLater(func(n int64, a *answer) {
			a.body = `{"error":"` + strings.Repeat(fmt.Sprintf("%x-", n*2654435761), 6000) + `"}`
		})},
		{name: "later: a thousand new names of fields each time", all: true, serve: changingLater(func(n int64, a *answer) {
			for i := range 1000 {
				a.header.Set(fmt.Sprintf("X-%d-%d", n, i), "v")
			}
			a.header.Del("Content-Type")
		})},
		{name: "later: an echo in 90 KiB of marks", all: true, serve: echoing(func(id string) string { return id + strings.Repeat("\u0301\u0327", 25_000) })},
		{name: "later: an echo in 90 KiB of escapes", all: true, serve: echoing(func(id string) string { return id + strings.Repeat("\u0000", 15_000) })},
		{name: "later: an echo in pieces", all: true, serve: echoing(func(id string) string { return strings.Join(strings.Split(id, ""), strings.Repeat("z", 200)) })},
		{name: "later: large bodies are not read", serve: func(c *conn) {
			for {
				r, err := http.ReadRequest(c.in)
				if err != nil {
					return
				}
				if r.ContentLength < 0 || r.ContentLength > 4<<10 {
					<-c.done
					return
				}
				if a := c.honest(r); !c.send(a.text()) {
					return
				}
			}
		}},
		{name: "answered before the request is read", serve: func(c *conn) {
			_, _ = c.in.ReadByte()
			c.send(sized(`{"error":"early"}`))
		}},
		{name: "the request is read byte by byte", serve: func(c *conn) {
			if tcp, ok := c.Conn.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(1)
			}
			for b := make([]byte, 1); ; time.Sleep(10 * time.Millisecond) {
				if _, err := c.Conn.Read(b); err != nil {
					return
				}
			}
		}},
		{name: "a connection is never made", dial: backlog},
		{name: "TLS: expired once the gate is passed", tls: changingCertificates(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), serve: func(c *conn) {
			if r := c.request(); r != nil {
				c.send(c.honest(r).text())
			}
		}},
	}
	over2 := &secured{change: func(c *tls.Config) { c.NextProtos = []string{"h2"} }}
	for _, each := range []struct {
		name string
		does func(p *peer, stream uint32, a answer) bool // false ends the connection
	}{
		{"silence", func(*peer, uint32, answer) bool { return true }},
		{"closed", func(*peer, uint32, answer) bool { return false }},
		{"GOAWAY that takes all back", func(p *peer, _ uint32, _ answer) bool { return p.WriteGoAway(0, http2.ErrCodeNo, nil) == nil }},
		{"window of the connection overflows", func(p *peer, s uint32, a answer) bool {
			return p.answer(s, a) && p.WriteWindowUpdate(0, 1<<31-1) == nil && p.WriteWindowUpdate(0, 1<<31-1) == nil
		}},
		{"window of the stream overflows", func(p *peer, s uint32, _ answer) bool {
			_ = p.WriteWindowUpdate(s, 1<<31-1)
			return p.WriteWindowUpdate(s, 1<<31-1) == nil
		}},
		{"windows shut", func(p *peer, s uint32, _ answer) bool {
			return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}) == nil
		}},
		{"one stream at a time, never ended", func(p *peer, s uint32, a answer) bool {
			_ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1})
			return p.headers(s, false, ":status", "201", "content-type", "application/json")
		}},
		{"every second stream is reset", func(p *peer, s uint32, a answer) bool {
			if s%4 == 1 {
				return p.WriteRSTStream(s, http2.ErrCodeInternal) == nil
			}
			return p.answer(s, a)
		}},
		{"fields in pieces of a byte, then another frame", func(p *peer, s uint32, a answer) bool {
			block := p.block(":status", strconv.Itoa(a.status), "content-type", "application/json")
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: block[:1]})
			for i := 1; i < len(block)-1; i++ {
				_ = p.WriteContinuation(s, false, block[i:i+1])
			}
			return p.WriteData(s, true, []byte(a.body)) == nil
		}},
		{"the table of fields is emptied between", func(p *peer, s uint32, a answer) bool {
			// An index that the table had until it was resized to nothing.
			block := append([]byte{0x20}, p.block(":status", strconv.Itoa(a.status))...)
			return p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: append(block, 0xbe), EndHeaders: true, EndStream: true}) == nil
		}},
		{"pings and settings between", func(p *peer, s uint32, a answer) bool {
			for range 200 {
				_, _ = p.WritePing(false, [8]byte{}), p.WriteSettings()
			}
			a.status++ // or it would be a right server
			return p.answer(s, a)
		}},
	} {
		rows = append(rows, target{name: "HTTP/2, later: " + each.name, tls: over2, serve: honestly(each.does, nil)})
	}
	return append(rows,
		target{name: "HTTP/2, later: no window for more", tls: over2, serve: honestly((*peer).answer, func(p *peer, _ uint32, size int) {})},
		target{name: "HTTP/2, later: responses change places", tls: over2, serve: func(c *conn) {
			var waiting uint32
			var held answer
			honestly(func(p *peer, s uint32, a answer) bool {
				if waiting == 0 {
					waiting, held = s, a
					return true
				}
				other := waiting
				waiting = 0
				return p.answer(other, a) && p.answer(s, held)
			}, nil)(c)
		}},
	)
}

// changingLater changes every right response behind the gate, by its number.
func changingLater(change func(n int64, a *answer)) func(*conn) {
	return func(c *conn) {
		changing(func(_ *http.Request, a *answer) {
			if n := c.requests.Load(); n > gate {
				change(n, a)
			}
		})(c)
	}
}

// echoing changes the user_id that comes back.
func echoing(change func(string) string) func(*conn) {
	return changingLater(func(_ int64, a *answer) {
		const member = `"manufacturer_user_id":"`
		before, rest, found := strings.Cut(a.body, member)
		id, after, ended := strings.Cut(rest, `"`)
		if found && ended {
			a.body = before + member + strings.ReplaceAll(change(id), "\x00", `\u0000`) + `"` + after
		}
	})
}

// stopping sends one byte more of a right response on each connection, and then
// does something else.
func stopping(do func(*conn)) func(*conn) {
	var cut atomic.Int64
	return func(c *conn) {
		for {
			r := c.request()
			if r == nil {
				return
			}
			a := c.honest(r)
			text := a.text()
			if c.requests.Load() > gate {
				c.send(text[:int(cut.Add(7))%len(text)]) // which comes by all, as 7 divides few lengths
				do(c)
				return
			}
			if !c.send(text) {
				return
			}
		}
	}
}

// remembering gives do the response to a request and that to the one before,
// whichever connection it came on.
func remembering(do func(c *conn, a, before answer) bool) func(*conn) {
	var mu sync.Mutex
	var last answer
	return func(c *conn) {
		for {
			r := c.request()
			if r == nil {
				return
			}
			a := c.honest(r)
			mu.Lock()
			before := last
			last = a
			mu.Unlock()
			if c.requests.Load() <= gate {
				if !c.send(a.text()) {
					return
				}
			} else if !do(c, a, before) {
				return
			}
		}
	}
}

// changingCertificates shows a right certificate at first.
func changingCertificates(issue func(*x509.Certificate)) *secured {
	var shown atomic.Int64
	right, wrong := &secured{}, &secured{issue: issue}
	return &secured{change: func(c *tls.Config) {
		certificate := right.certificate()
		if shown.Add(1) > gate {
			certificate = wrong.certificate()
		}
		c.Certificates = []tls.Certificate{certificate}
	}}
}

// backlog listens without ever accepting, and its queue is full: who connects
// gets no word.
func backlog(t *testing.T) string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 8 { // the last of which wait, as the program will
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			break
		}
		t.Cleanup(func() { c.Close() })
	}
	return address
}

// answer sends a response, whole.
func (p *peer) answer(stream uint32, a answer) bool {
	fields := []string{":status", strconv.Itoa(a.status)}
	for name, values := range a.header {
		for _, value := range values {
			if lower := strings.ToLower(name); lower != "connection" && lower != "transfer-encoding" {
				fields = append(fields, lower, value)
			}
		}
	}
	return p.headers(stream, false, fields...) && p.WriteData(stream, true, []byte(a.body)) == nil
}

// honestly serves HTTP/2 rightly until the gate is passed, then by does. taken, if
// set, does something in place of making room again for what was read.
func honestly(does func(p *peer, stream uint32, a answer) bool, taken func(p *peer, stream uint32, size int)) func(*conn) {
	return func(c *conn) {
		if secure, ok := c.Conn.(*tls.Conn); ok && secure.ConnectionState().NegotiatedProtocol != "h2" {
			return // it asks for HTTP/1
		}
		if _, err := io.ReadFull(c.in, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		p := &peer{conn: c, Framer: http2.NewFramer(c.Conn, c.in)}
		p.coder = hpack.NewEncoder(&p.fields)
		p.AllowIllegalWrites = true
		p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		if p.WriteSettings() != nil {
			return
		}
		heads, bodies := map[uint32]*http2.MetaHeadersFrame{}, map[uint32]*bytes.Buffer{}
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			id, ended := f.Header().StreamID, f.Header().Flags.Has(http2.FlagDataEndStream)
			switch f := f.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() {
					_ = p.WriteSettingsAck() // where it is lost, so is all else
				}
				continue
			case *http2.MetaHeadersFrame:
				heads[id], bodies[id] = f, &bytes.Buffer{}
			case *http2.DataFrame:
				body := bodies[id]
				if body == nil {
					continue
				}
				body.Write(f.Data())
				if size := f.Header().Length; taken != nil {
					taken(p, id, int(size))
				} else if size > 0 {
					_, _ = p.WriteWindowUpdate(0, size), p.WriteWindowUpdate(id, size)
				}
			default:
				continue
			}
			head, body := heads[id], bodies[id]
			if !ended || head == nil {
				continue
			}
			delete(heads, id)
			delete(bodies, id)
			r, err := http.NewRequest(head.PseudoValue("method"), "https://"+head.PseudoValue("authority")+head.PseudoValue("path"), body)
			if err != nil {
				return
			}
			for _, field := range head.RegularFields() {
				r.Header.Add(field.Name, field.Value)
			}
			a := c.honest(r)
			if c.requests.Add(1) <= gate {
				if !p.answer(id, a) {
					return
				}
			} else if !does(p, id, a) {
				return
			}
		}
	}
}
