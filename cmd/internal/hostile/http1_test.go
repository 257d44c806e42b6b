package hostile

import (
	"strings"
	"time"
)

// connections are rows about the connection itself.
func connections() []target {
	return []target{
		{name: "refused", at: "127.0.0.1:1"},
		{name: "no such host", at: "nobody.invalid"},
		{name: "accepted, nothing read, nothing said", serve: func(c *conn) { <-c.done }},
		{name: "closed at once", serve: func(*conn) {}},
		{name: "reset at once", serve: (*conn).reset},
		{name: "request read, nothing said", serve: once((*conn).hold)},
		{name: "request read, closed", serve: once(func(*conn) {})},
		{name: "request read, reset", serve: once((*conn).reset)},
		{name: "half closed before the request", serve: func(c *conn) {
			if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			c.hold()
		}},
		{name: "half closed behind the request", serve: once(func(c *conn) {
			if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			c.hold()
		})},
		{name: "reset within the head", serve: once(func(c *conn) { c.send(created); c.reset() })},
		{name: "reset within the body", serve: once(func(c *conn) { c.send(created, "Content-Length: 100\r\n\r\n{"); c.reset() })},
		{name: "answer before any request", serve: func(c *conn) { c.send(sized(`{}`)); c.hold() }},
		{name: "endless answers before any request", serve: func(c *conn) { c.flood(sized(`{}`)); c.hold() }},
		{name: "another protocol speaks first", serve: func(c *conn) { c.send("SSH-2.0-OpenSSH_9.9\r\n"); c.hold() }},
		{name: "another protocol answers", serve: stuck("-ERR unknown command 'POST'\r\n")},
		{name: "TLS answers plain HTTP", serve: stuck("\x15\x03\x01\x00\x02\x02\x28")},
		{name: "endless NULs", serve: flooding("", "\x00")},
		{name: "endless line feeds", serve: flooding("", "\r\n")},
		{name: "endless letters", serve: flooding("", "A")},
		{name: "two answers to one request", serve: saying(sized(`{"a":1}`) + sized(`{"b":1}`))},
		{name: "endless answers to one request", serve: flooding("", sized(`{"a":1}`))},
		{name: "HTTP/2 frames over HTTP/1", serve: stuck("\x00\x00\x00\x04\x00\x00\x00\x00\x00")},
	}
}

// statusLines are rows about the first line of a response.
func statusLines() []target {
	const rest = "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	return []target{
		{name: "status 000", serve: saying("HTTP/1.1 000 Nothing" + rest)},
		{name: "status 001", serve: saying("HTTP/1.1 001 Low" + rest)},
		{name: "status 099", serve: saying("HTTP/1.1 099 Low" + rest)},
		{name: "status 600", serve: saying("HTTP/1.1 600 High" + rest)},
		{name: "status 999", serve: saying("HTTP/1.1 999 High" + rest)},
		{name: "status 1000", serve: saying("HTTP/1.1 1000 High" + rest)},
		{name: "status of two digits", serve: saying("HTTP/1.1 20 OK" + rest)},
		{name: "status with a sign", serve: saying("HTTP/1.1 -20 OK" + rest)},
		{name: "status with a plus", serve: saying("HTTP/1.1 +20 OK" + rest)},
		{name: "status with a letter", serve: saying("HTTP/1.1 2O1 Created" + rest)},
		{name: "status missing", serve: saying("HTTP/1.1" + rest)},
		{name: "status of blanks", serve: saying("HTTP/1.1    " + rest)},
		{name: "reason missing", serve: saying("HTTP/1.1 418" + rest)},
		{name: "reason with escapes", serve: saying("HTTP/1.1 418 \x1b[31mred\x1b[2J\x07" + rest)},
		{name: "reason of a mebibyte", serve: saying("HTTP/1.1 201 " + strings.Repeat("r", 1<<20) + rest)},
		{name: "reason with markup", serve: saying("HTTP/1.1 418 <script>alert(1)</script>]]>" + rest)},
		{name: "version 9.9", serve: saying("HTTP/9.9 201 Created" + rest)},
		{name: "version 0.9", serve: cut("{}")},
		{name: "version 1.0 with chunks", serve: cut("HTTP/1.0 201 Created\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "version in lower case", serve: saying("http/1.1 201 Created" + rest)},
		{name: "version of another protocol", serve: saying("ICY 200 OK" + rest)},
		{name: "version with huge numbers", serve: saying("HTTP/99999999999.1 201 Created" + rest)},
		{name: "status line without an end", serve: flooding("HTTP/1.1 201 ", "r")},
		{name: "status line in pieces", serve: onceHeld(func(c *conn) { c.drip("HTTP/1.1 201 Created" + rest) })},
	}
}

// interim are rows about 1xx responses.
func interim() []target {
	drip := func(text string) func(*conn) {
		return onceHeld(func(c *conn) {
			for range 1000 {
				select {
				case <-c.done:
					return
				case <-time.After(30 * time.Millisecond):
				}
				if !c.send(text) {
					return
				}
			}
		})
	}
	large := "X-Filling: " + strings.Repeat("f", 4000) + "\r\n"
	return []target{
		{name: "101, then silence", serve: stuck("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")},
		{name: "101 without Upgrade, then silence", serve: stuck("HTTP/1.1 101 Switching Protocols\r\n\r\n")},
		{name: "101, then closed", serve: cut("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")},
		{name: "101, then endless bytes", serve: flooding("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "\x81\x05hello")},
		{name: "101 with a length", serve: stuck("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 10\r\n\r\n")},
		{name: "101, then the right answer", serve: saying("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + sized(`{}`))},
		{name: "100, then silence", serve: stuck("HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "100, then closed", serve: cut("HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "100 with a body", serve: saying("HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "102 without end", serve: flooding("", "HTTP/1.1 102 Processing\r\n\r\n")},
		{name: "100 without end", serve: flooding("", "HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "103 with large fields without end", serve: flooding("", "HTTP/1.1 103 Early Hints\r\n"+large+"\r\n")},
		{name: "100 now and then without end", serve: drip("HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "103 now and then without end", serve: drip("HTTP/1.1 103 Early Hints\r\n" + large + "\r\n")},
		{name: "199", serve: saying("HTTP/1.1 199 Odd\r\n\r\n")},
		{name: "204 with a body", serve: saying("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "304", serve: saying("HTTP/1.1 304 Not Modified\r\n\r\n")},
		{name: "205 with an endless body", serve: flooding("HTTP/1.1 205 Reset Content\r\n\r\n", "x")},
	}
}

// fields are rows about header fields.
func fields() []target {
	many := func(n int, field string) string { return strings.Repeat(field, n) }
	return []target{
		{name: "field without an end", serve: flooding(created+"X-Long: ", "v")},
		{name: "field name without an end", serve: flooding(created, "N")},
		{name: "fields without an end", serve: flooding(created, "X-Field: value\r\n")},
		{name: "fields without a value without an end", serve: flooding(created, "A:\r\n")},
		{name: "field of a mebibyte", serve: saying(created + "X-Long: " + strings.Repeat("v", 1<<20) + "\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "field of 60 KiB", serve: saying(created + "X-Long: " + strings.Repeat("v", 60<<10) + "\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "ten thousand fields", serve: saying(created + many(10_000, "X-Field: value\r\n") + "Content-Length: 2\r\n\r\n{}")},
		{name: "ten thousand cookies", serve: saying(created + many(10_000, "Set-Cookie: a=b\r\n") + "Content-Length: 2\r\n\r\n{}")},
		{name: "fields byte by byte", serve: onceHeld(func(c *conn) { c.drip(created + "Content-Length: 2\r\n\r\n{}") })},
		{name: "field without a colon", serve: saying("HTTP/1.1 201 Created\r\nnonsense\r\n\r\n{}")},
		{name: "field with an empty name", serve: saying("HTTP/1.1 201 Created\r\n: value\r\n\r\n{}")},
		{name: "field name with a blank", serve: saying("HTTP/1.1 201 Created\r\nContent Type: a\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "blank before the colon", serve: saying("HTTP/1.1 201 Created\r\nContent-Length : 2\r\n\r\n{}")},
		{name: "NUL in a value", serve: saying(created + "X-Nul: a\x00b\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "bytes above 127 in a value", serve: saying(created + "X-High: \xff\xfe\x80\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "escapes in a value", serve: saying(created + "X-Escape: \x1b]0;title\x07\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "folded line", serve: saying(created + "X-Fold: a\r\n b\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "folded lines without an end", serve: flooding(created+"X-Fold: a", "\r\n b")},
		{name: "first field folded", serve: saying("HTTP/1.1 201 Created\r\n folded: yes\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "bare line feeds", serve: saying("HTTP/1.1 201 Created\nContent-Type: application/json\nContent-Length: 2\n\n{}")},
		{name: "bare carriage returns", serve: stuck("HTTP/1.1 201 Created\rContent-Length: 2\r\r{}")},
		{name: "key in a value, a name and the reason", serve: keyEverywhere},
		{name: "Content-Type of 60 KiB", serve: saying("HTTP/1.1 201 Created\r\nContent-Type: application/json; a=" + strings.Repeat("x", 60<<10) + "\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "a thousand parameters of the media type", serve: saying("HTTP/1.1 201 Created\r\nContent-Type: application/json" + many(1000, "; a=b") + "\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "Content-Length negative", serve: saying(created + "Content-Length: -1\r\n\r\n{}")},
		{name: "Content-Length beyond 64 bits", serve: saying(created + "Content-Length: 99999999999999999999\r\n\r\n{}")},
		{name: "Content-Length of 63 bits, then silence", serve: stuck(created + "Content-Length: 9223372036854775807\r\n\r\n{")},
		{name: "Content-Length in hexadecimal", serve: saying(created + "Content-Length: 0x2\r\n\r\n{}")},
		{name: "Content-Length twice, different", serve: saying(created + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")},
		{name: "Content-Length as a list", serve: saying(created + "Content-Length: 2, 2\r\n\r\n{}")},
		{name: "Content-Length too long, then silence", serve: stuck(created + "Content-Length: 3\r\n\r\n{}")},
		{name: "Content-Length too long, then closed", serve: cut(created + "Content-Length: 3\r\n\r\n{}")},
		{name: "Content-Length too short", serve: saying(created + "Content-Length: 1\r\n\r\n{}")},
		{name: "no length, then silence", serve: stuck(created + "\r\n{")},
		{name: "no length, byte by byte", serve: onceHeld(func(c *conn) { c.send(created + "\r\n"); c.drip(`{"manufacturer_user_id":"x"}`) })},
		{name: "head cut off", serve: cut(created)},
		{name: "Trailer announced, never sent", serve: stuck(created + "Transfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n2\r\n{}\r\n0\r\n")},
	}
}

// keyEverywhere sends the key of a request back wherever a response has room.
func keyEverywhere(c *conn) {
	for {
		r := c.request()
		if r == nil {
			return
		}
		key := r.Header.Get("x-api-key")
		name := strings.Map(func(r rune) rune {
			if r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return 'x'
		}, key)
		body := `{"error":"` + key + `","` + key + `":["` + key + `"]}`
		if !c.send("HTTP/1.1 418 " + key + "\r\nContent-Type: application/json; key=" + key + "\r\nX-" + name + ": " + key + "\r\nSet-Cookie: k=" + key + "\r\nLocation: /" + key +
			"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + "0;" + key + "\r\nX-Trailer: " + key + "\r\n\r\n") {
			return
		}
	}
}

// chunks are rows about Transfer-Encoding.
func chunks() []target {
	const head = created + "Transfer-Encoding: chunked\r\n\r\n"
	return []target{
		{name: "chunk size of no digits", serve: saying(head + "zz\r\n{}\r\n0\r\n\r\n")},
		{name: "chunk size empty", serve: saying(head + "\r\n{}\r\n0\r\n\r\n")},
		{name: "chunk size of 64 bits", serve: stuck(head + "ffffffffffffffff\r\n{}")},
		{name: "chunk size of 63 bits, then silence", serve: stuck(head + "7fffffffffffffff\r\n{")},
		{name: "chunk size beyond 64 bits", serve: saying(head + "10000000000000000\r\n{}")},
		{name: "chunk size negative", serve: saying(head + "-2\r\n{}\r\n0\r\n\r\n")},
		{name: "chunk size of zeros without an end", serve: flooding(head, "0")},
		{name: "chunk extension without an end", serve: flooding(head+"2;", "x")},
		{name: "chunk extensions on tiny chunks", serve: flooding(head, "1;"+strings.Repeat("x", 2000)+"\r\n \r\n")},
		{name: "chunk without its line end", serve: saying(head + "2\r\n{}0\r\n\r\n")},
		{name: "chunk longer than its size", serve: saying(head + "1\r\n{}\r\n0\r\n\r\n")},
		{name: "chunks of one byte without an end", serve: flooding(head, "1\r\n \r\n")},
		{name: "chunk size byte by byte", serve: onceHeld(func(c *conn) { c.send(head); c.drip("00000000000000000002\r\n{}") })},
		{name: "last chunk missing, then silence", serve: stuck(head + "2\r\n{}\r\n")},
		{name: "last chunk missing, then closed", serve: cut(head + "2\r\n{}\r\n")},
		{name: "last chunk without its line end, then silence", serve: stuck(head + "2\r\n{}\r\n0\r\n")},
		{name: "trailers without an end", serve: flooding(head+"2\r\n{}\r\n0\r\n", "X-Trailer: value\r\n")},
		{name: "trailer malformed", serve: saying(head + "2\r\n{}\r\n0\r\nnonsense\r\n\r\n")},
		{name: "trailer byte by byte", serve: onceHeld(func(c *conn) { c.send(head + "2\r\n{}\r\n0\r\n"); c.drip("X-Trailer: a long value\r\n\r\n") })},
		{name: "chunked twice", serve: saying(created + "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "chunked in two fields", serve: saying(created + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "coding unknown", serve: saying(created + "Transfer-Encoding: rot13\r\n\r\n{}")},
		{name: "coding before chunked", serve: saying(created + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "coding with a NUL", serve: saying(created + "Transfer-Encoding: chunked\x00\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "chunked beside a length", serve: saying(created + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n")},
		{name: "one chunk of 8 MiB", serve: onceHeld(func(c *conn) { c.send(head + "800000\r\n"); c.flood(" ") })},
	}
}
