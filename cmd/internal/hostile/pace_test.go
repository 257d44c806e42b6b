package hostile

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// paces are rows about servers that put off, send elsewhere and take their time.
func paces() []target {
	later := func(status, after string) func(*conn) {
		return saying("HTTP/1.1 " + status + "\r\nRetry-After: " + after + "\r\nContent-Length: 0\r\n\r\n")
	}
	redirect := func(status int, to string) func(*conn) {
		return saying(fmt.Sprintf("HTTP/1.1 %d %s\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", status, http.StatusText(status), to))
	}
	const path = "/v2/manufacturer/device-connections"
	slow := func(pause time.Duration) func(*conn) {
		return func(c *conn) {
			for {
				r := c.request()
				if r == nil {
					return
				}
				a := c.honest(r)
				select {
				case <-c.done:
					return
				case <-time.After(pause):
				}
				if !c.send(a.text()) {
					return
				}
			}
		}
	}
	rows := []target{
		{name: "Retry-After a second, for ever", serve: later("429 Too Many Requests", "1"), says: "Retry-After: 1", code: 3},
		{name: "Retry-After nothing, for ever", serve: later("429 Too Many Requests", "0"), says: "Retry-After: 0", code: 3},
		{name: "Retry-After a year", serve: later("429 Too Many Requests", "31536000"), says: "Retry-After: 31536000", code: 3},
		{name: "Retry-After beyond 64 bits", serve: later("503 Service Unavailable", "99999999999999999999"), says: "Retry-After: 99999999999999999999", code: 3},
		{name: "Retry-After a date far ahead", serve: later("503 Service Unavailable", "Fri, 31 Dec 9999 23:59:59 GMT"), says: "Retry-After: Fri, 31 Dec 9999", code: 3},
		{name: "Retry-After a date long past", serve: later("503 Service Unavailable", "Thu, 01 Jan 1970 00:00:00 GMT"), says: "Retry-After: Thu, 01 Jan 1970", code: 3},
		{name: "Retry-After nonsense", serve: later("503 Service Unavailable", "soon"), says: "Retry-After: soon", code: 3},
		{name: "Retry-After negative", serve: later("503 Service Unavailable", "-1"), says: "Retry-After: -1", code: 3},
		{name: "429 without Retry-After, for ever", serve: saying("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"), says: "429", code: 3},
		{name: "503 without Retry-After, for ever", serve: saying("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), says: "503", code: 0},
		{name: "429 with an endless body", serve: flooding("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\n\r\n", "x"), says: "429", code: 3},
		{name: "429 once the gate is passed", serve: turning(1, func(c *conn) {
			const wait = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
			c.send(wait)
			saying(wait)(c)
		}), says: "Retry-After: 1", code: 0},
		{name: "408 to every request", serve: saying("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), code: 0},
		{name: "425 to every request", serve: saying("HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n"), code: 0},
		{name: "408 before any request", serve: func(c *conn) {
			c.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			c.hold()
		}, code: 0},
		{name: "slow once the gate is passed", serve: func(c *conn) {
			for {
				r := c.request()
				if r == nil {
					return
				}
				a := c.honest(r)
				if c.requests.Load() > 3 {
					c.drip(a.text())
					return
				}
				if !c.send(a.text()) {
					return
				}
			}
		}, code: 0},
		{name: "slow by 400 ms", serve: slow(400 * time.Millisecond), code: 0},
		{name: "slower than the time-out", serve: slow(700 * time.Millisecond), code: 3},
		{name: "head, then a body after the time-out", serve: onceHeld(func(c *conn) {
			c.send(created + "Content-Length: 2\r\n\r\n")
			time.Sleep(700 * time.Millisecond)
			c.send("{}")
		}), code: 0},
		{name: "an open line that says a blank now and then", serve: onceHeld(func(c *conn) {
			c.send(created + "\r\n")
			for range 100 {
				time.Sleep(50 * time.Millisecond)
				if !c.send(" ") {
					return
				}
			}
		}), code: 0},
		{name: "body byte by byte, whole in the end", serve: onceHeld(func(c *conn) { c.send(created + "Content-Length: 100\r\n\r\n"); c.drip(`{"error":"`) }), code: 0},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		rows = append(rows, target{name: fmt.Sprintf("%d to itself", status), serve: redirect(status, path), says: "to " + path, code: 1})
	}
	return append(rows,
		target{name: "308 to another host", serve: redirect(308, "http://127.0.0.2:1/v2"), code: 1},
		target{name: "308 to another scheme", serve: redirect(308, "gopher://127.0.0.1/"), code: 1},
		target{name: "308 to a script", serve: redirect(308, "javascript:alert(1)"), code: 1},
		target{name: "308 to nowhere", serve: redirect(308, ""), code: 1},
		target{name: "308 to a malformed address", serve: redirect(308, "http://[::1/%zz"), code: 1},
		target{name: "Refresh", serve: saying("HTTP/1.1 200 OK\r\nRefresh: 0; url=/\r\nContent-Length: 0\r\n\r\n"), code: 1},
		target{name: "401 with a thousand challenges", serve: saying("HTTP/1.1 401 Unauthorized\r\n" + strings.Repeat("WWW-Authenticate: Negotiate\r\n", 1000) + "Content-Length: 0\r\n\r\n"), code: 0},
		target{name: "407 as from a proxy", serve: saying("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"), code: 0},
		target{name: "417 to every expectation", serve: saying("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"), code: 1},
		target{name: "421 to every request", serve: saying("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n"), code: 0},
		target{name: "426 to every request", serve: saying("HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"), code: 0},
	)
}
