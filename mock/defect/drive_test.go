package defect_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/store"
)

// newMock makes the sound handler. Its ids are derived, so that servers that
// share one do not notice.
func newMock(t *testing.T) *mock.Mock {
	t.Helper()
	m, err := mock.New(mock.Config{Manufacturers: []store.Manufacturer{
		{Name: "acme", Keys: []string{acmeKey}, Enabled: true},
		{Name: "globex", Keys: []string{globexKey}, Enabled: true},
		{Name: "initech", Keys: []string{initechKey}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// start serves the mock, deviating if d is not nil, until the test ends.
func start(t *testing.T, m *mock.Mock, d *defect.Deviation) *driver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, handler := l.Addr().String(), http.Handler(m)
	if d != nil {
		handler, l = d.Wrap(defect.WithNotEnabled(m, initechKey)), d.Listen(l)
	}
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = httpserve.Serve(ctx, httpserve.NewServer(handler), l) })
	pooled := &http.Transport{DisableCompression: true}
	fresh := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	t.Cleanup(func() {
		pooled.CloseIdleConnections()
		stop()
		served.Wait()
	})
	return &driver{address, pooled, fresh}
}

type driver struct {
	address       string
	pooled, fresh *http.Transport
}

// An answer is what came back.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	failed  bool // no answer, or not a whole one
	reused  bool // the connection had been used before
	details string
}

// text is all that can be seen of an answer.
func (a answer) text() string {
	return fmt.Sprintf("%d %v %v %s\n%s", a.status, a.header, a.failed, a.details, a.body)
}

func (d *driver) perform(e experiment) []answer {
	answers := make([]answer, len(e.requests))
	if !e.together {
		for i, r := range e.requests {
			answers[i] = d.send(r)
		}
		return answers
	}
	var all sync.WaitGroup
	for i, r := range e.requests {
		all.Go(func() { answers[i] = d.send(r) })
	}
	all.Wait()
	return answers
}

// send sends a request. One that was told to wait, or that met a connection
// which the server had closed, is sent again.
func (d *driver) send(r request) answer {
	if r.raw {
		return d.sendRaw(r)
	}
	a, stale := d.once(r)
	if stale {
		r.fresh = true
		a, _ = d.once(r)
	}
	waited := ""
	for range 3 {
		if a.status != http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
			break
		}
		a, _ = d.once(r)
		waited = " waited"
	}
	a.details += waited
	return a
}

func (d *driver) once(r request) (a answer, stale bool) {
	body := io.Reader(strings.NewReader(r.body))
	if r.chunked {
		body = io.MultiReader(body) // of a length that net/http does not know
	}
	req, err := http.NewRequest(r.method, "http://"+d.address+r.path, body)
	if err != nil {
		panic(err)
	}
	req.Header = r.header.Clone()
	reused, hints := false, 0
	req = req.WithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn:        func(i httptrace.GotConnInfo) { reused = i.Reused },
		Got1xxResponse: func(int, textproto.MIMEHeader) error { hints++; return nil },
	}))
	transport := d.pooled
	if r.fresh {
		transport = d.fresh
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return answer{failed: true}, reused
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	a.header.Del("Date")
	a.body, err = io.ReadAll(resp.Body)
	a.failed = err != nil
	a.reused = reused
	a.details = fmt.Sprint(hints, resp.Close, resp.TransferEncoding, resp.ContentLength, resp.Trailer)
	return a, false
}

var date = regexp.MustCompile(`(?i)\r\nDate: [^\r]*`)

// sendRaw shows an answer's bytes as they come.
func (d *driver) sendRaw(r request) answer {
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.method, r.path, d.address)
	header := r.header.Clone()
	if r.body != "" {
		header["Content-Length"] = []string{fmt.Sprint(len(r.body))}
	}
	_ = header.Write(&text) // a buffer never fails
	text.WriteString("\r\n" + r.body)
	if _, err := conn.Write(text.Bytes()); err != nil {
		return answer{failed: true}
	}
	all, _ := io.ReadAll(conn) // what came before an error tells enough
	return parsed(all)
}

// parsed reads an answer from its bytes; one that cannot be read has failed.
func parsed(all []byte) answer {
	a := answer{failed: true, details: string(date.ReplaceAll(all, nil))}
	in := bufio.NewReader(bytes.NewReader(all))
	for {
		resp, err := http.ReadResponse(in, &http.Request{Method: "POST"})
		if err != nil {
			return a
		}
		if resp.StatusCode < 200 {
			continue
		}
		a.status, a.header = resp.StatusCode, resp.Header
		a.header.Del("Date")
		a.body, err = io.ReadAll(resp.Body)
		a.failed = err != nil
		return a
	}
}

// plain is the body without its coding.
func (a answer) plain() []byte {
	var z io.Reader
	var err error
	switch a.header.Get("Content-Encoding") {
	case "gzip":
		z, err = gzip.NewReader(bytes.NewReader(a.body))
	case "deflate":
		z, err = zlib.NewReader(bytes.NewReader(a.body))
	default:
		return a.body
	}
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(z) // cut short is not JSON
	return text
}

// transcript is all that can be seen of an experiment.
func transcript(e experiment, answers []answer) string {
	var texts []string
	reused := false
	for _, a := range answers {
		texts = append(texts, a.text())
		reused = reused || a.reused
	}
	if len(answers) > 6 && !e.together { // fewer may meet a connection that is not back yet
		texts = append(texts, fmt.Sprint("reused: ", reused))
	}
	if e.together {
		slices.Sort(texts)
	}
	return strings.Join(texts, "\n")
}
