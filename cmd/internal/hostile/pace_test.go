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
		{name: "Retry-After a second, for ever", serve: later("429 Too Many Requests", "1")},
		{name: "Retry-After nothing, for ever", serve: later("429 Too Many Requests", "0")},
		{name: "Retry-After a year", serve: later("429 Too Many Requests", "31536000")},
		{name: "Retry-After beyond 64 bits", serve: later("503 Service Unavailable", "99999999999999999999")},
		{name: "Retry-After a date far ahead", serve: later("503 Service Unavailable", "Fri, 31 Dec 9999 23:59:59 GMT")},
		{name: "Retry-After a date long past", serve: later("503 Service Unavailable", "Thu, 01 Jan 1970 00:00:00 GMT")},
		{name: "Retry-After nonsense", serve: later("503 Service Unavailable", "soon")},
		{name: "Retry-After negative", serve: later("503 Service Unavailable", "-1")},
		{name: "429 without Retry-After, for ever", serve: saying("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")},
		{name: "503 without Retry-After, for ever", serve: saying("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")},
		{name: "429 with an endless body", serve: flooding("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\n\r\n", "x")},
		{name: "429 once the gate is passed", serve: turning(1, func(c *conn) {
			const wait = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
			c.send(wait)
			saying(wait)(c)
		})},
		{name: "408 to every request", serve: saying("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")},
		{name: "425 to every request", serve: saying("HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n")},
		{name: "408 before any request", serve: func(c *conn) {
			c.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			c.hold()
		}},
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
		}},
		{name: "slow by 400 ms", serve: slow(400 * time.Millisecond)},
		{name: "slower than the time-out", serve: slow(700 * time.Millisecond)},
		{name: "head, then a body after the time-out", serve: onceHeld(func(c *conn) {
			c.send(created + "Content-Length: 2\r\n\r\n")
			time.Sleep(700 * time.Millisecond)
			c.send("{}")
		})},
		{name: "an open line that says a blank now and then", serve: onceHeld(func(c *conn) {
			c.send(created + "\r\n")
			for range 100 {
				time.Sleep(50 * time.Millisecond)
				if !c.send(" ") {
					return
				}
			}
		})},
		{name: "body byte by byte, whole in the end", serve: onceHeld(func(c *conn) { c.send(created + "Content-Length: 100\r\n\r\n"); c.drip(`{"error":"`) })},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		rows = append(rows, target{name: fmt.Sprintf("%d to itself", status), serve: redirect(status, path)})
	}
	return append(rows,
		target{name: "308 to another host", serve: redirect(308, "http://127.0.0.2:1/v2")},
		target{name: "308 to another scheme", serve: redirect(308, "gopher://127.0.0.1/")},
		target{name: "308 to a script", serve: redirect(308, "javascript:alert(1)")},
		target{name: "308 to nowhere", serve: redirect(308, "")},
		target{name: "308 to a malformed address", serve: redirect(308, "http://[::1/%zz")},
		target{name: "Refresh", serve: saying("HTTP/1.1 200 OK\r\nRefresh: 0; url=/\r\nContent-Length: 0\r\n\r\n")},
		target{name: "401 with a thousand challenges", serve: saying("HTTP/1.1 401 Unauthorized\r\n" + strings.Repeat("WWW-Authenticate: Negotiate\r\n", 1000) + "Content-Length: 0\r\n\r\n")},
		target{name: "407 as from a proxy", serve: saying("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")},
		target{name: "417 to every expectation", serve: saying("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")},
		target{name: "421 to every request", serve: saying("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n")},
		target{name: "426 to every request", serve: saying("HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n")},
	)
}
