package judge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// FuzzResponse sends raw bytes in place of responses. Whatever they are, the
// exchange ends, the judge does not break down, and what is kept is small.
func FuzzResponse(f *testing.F) {
	doc, err := spec.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	j, err := judge.Load(doc)
	if err != nil {
		f.Fatal(err)
	}
	target := serve(f)
	const head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20)) // to memory
	_ = w.Close()
	for _, text := range []string{
		head + "Content-Length: 2\r\n\r\n{}",
		head + "\r\n" + `{"manufacturer_user_id":"a","nox_user_id":"b"}`,
		head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		head + "Content-Encoding: gzip\r\n\r\n" + zipped.String(),
		head + "\r\n" + strings.Repeat("[", 3000),
		head + "\r\n" + `{"a":` + strings.Repeat("9", 5000) + "}",
		head + "\r\n" + `{"a":1,"a":1e999,"nox_user_id":""}`,
		head + "\r\n" + `{"error":"\ud800 at a.b(c.java:1) SELECT a FROM b"}`,
		"HTTP/1.1 000 \r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 100 \r\n\r\n" + head + "\r\n", "HTTP/1.0 400\r\n\r\n{}", "",
		"HTTP/1.1 401 \r\nWWW-Authenticate: a\r\nContent-Type: text/html\r\nContent-Type: a/b\r\n\r\n<html>",
		"HTTP/1.1 500 \r\nContent-Type: application/json; charset=\"\r\nContent-Encoding: br, gzip\r\nRetry-After: 1\r\n\r\n\xef\xbb\xbf{}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		target.says.Store(&text)
		client := wire.NewClient(wire.Config{Timeout: 5 * time.Second, Parallel: 1}, target.url)
		defer client.ReleaseIdle()
		request := wire.MinimalRequest(j.Contract.Operations[0])
		request.Keys = []wire.Credential{{Value: "acme-test-key-5c1d0a"}}
		for _, r := range []*wire.Request{request, request.Raw()} {
			a, _ := client.SendOnce(context.Background(), r)
			j.Assess(a)
			if a.Failure == wire.Unjudged || a.Failure == wire.TimedOut {
				t.Errorf("%s: %v", a.Failure, a.Err)
			}
			if a.Shrink(1<<10, 1<<10, 20); a.Weight() > 64<<10 {
				t.Errorf("%d bytes are kept", a.Weight())
			}
		}
	})
}

// target sends the same bytes on each connection and closes it.
type target struct {
	url  *url.URL
	says atomic.Pointer[[]byte]
}

func serve(tb testing.TB) *target {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	t := &target{url: &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/v2"}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4<<10)) // the request
				_, _ = c.Write(*t.says.Load())     // as far as it is read
			}()
		}
	}()
	return t
}
