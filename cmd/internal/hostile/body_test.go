package hostile

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"unicode/utf16"
)

// chunk writes a text as one chunk.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// packed is a text in a coding.
func packed(text string, coding func(io.Writer) io.WriteCloser) string {
	var b bytes.Buffer
	w := coding(&b)
	_, _ = io.WriteString(w, text) // to memory
	_ = w.Close()
	return b.String()
}

func zipped(text string) string {
	return packed(text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

// codings are rows about Content-Encoding.
func codings() []target {
	head := func(coding string) string { return created + "Content-Encoding: " + coding + "\r\n" }
	whole := func(coding, body string) func(*conn) {
		return saying(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head(coding), len(body), body))
	}
	// A bomb is a valid body of 64 MiB.
	bomb := sync.OnceValue(func() string { return zipped(`{"error":"` + strings.Repeat("x", 64<<20) + `"}`) })
	lazy := func(name, coding string, body func() string) target {
		return target{name: name, ready: func() { body() }, serve: func(c *conn) { whole(coding, body())(c) }}
	}
	return []target{
		lazy("gzip bomb", "gzip", bomb),
		lazy("gzip bomb of blanks", "gzip", sync.OnceValue(func() string { return zipped(strings.Repeat(" ", 64<<20) + "{}") })),
		lazy("gzip bomb of brackets", "gzip", sync.OnceValue(func() string { return zipped(strings.Repeat("[", 64<<20)) })),
		lazy("gzip bomb in a gzip bomb", "gzip, gzip", sync.OnceValue(func() string { return zipped(bomb()) })),
		{name: "gzip bomb of a 400", ready: func() { bomb() }, serve: misbehaving(of(400), func(c *conn) {
			c.send(fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(bomb()), bomb()))
		})},
		{name: "gzip cut short", serve: whole("gzip", zipped(`{"a":1}`)[:15])},
		{name: "gzip with a wrong sum", serve: whole("gzip", zipped(`{"a":1}`)[:26]+"\x00\x00\x00\x00\x00\x00\x00\x00")},
		{name: "gzip of nothing", serve: whole("gzip", zipped(""))},
		{name: "gzip of no bytes", serve: whole("gzip", "")},
		{name: "gzip that is none", serve: whole("gzip", strings.Repeat("\x00", 1000))},
		{name: "gzip that is JSON", serve: whole("gzip", `{"a":1}`)},
		{name: "gzip members without an end", serve: flooding(head("gzip")+"\r\n", zipped(""))},
		{name: "gzip name without an end", serve: flooding(head("gzip")+"\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff", "n")},
		{name: "gzip with an extra of 64 KiB", serve: whole("gzip", "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\xff\xff"+strings.Repeat("e", 65535)+zipped("{}")[10:])},
		lazy("gzip under another name", "x-gzip", bomb),
		lazy("deflate", "deflate", sync.OnceValue(func() string {
			return packed(strings.Repeat(" ", 16<<20), func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
		})),
		lazy("deflate without a frame", "deflate", sync.OnceValue(func() string {
			return packed(strings.Repeat(" ", 16<<20), func(w io.Writer) io.WriteCloser {
				raw, _ := flate.NewWriter(w, 9) // a level that exists
				return raw
			})
		})),
		// A last empty metablock behind a stored one.
		{name: "br", serve: whole("br", "\x0b\x00\x80{}\x03")},
		// A frame of one block that repeats a byte two million times.
		{name: "zstd bomb", serve: whole("zstd", "\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x02"+strings.Repeat("\x02\x00\x10 ", 63)+"\x03\x00\x10 ")},
		{name: "compress", serve: whole("compress", "\x1f\x9d\x90{\x00")},
		{name: "a thousand codings", serve: whole("gzip"+strings.Repeat(", gzip", 1000), zipped(`{"a":1}`))},
		{name: "coding that nobody knows", serve: whole("\"><script>", `{"a":1}`)},
	}
}

// body is a named body of a 201.
type body struct {
	name string
	text func() string
}

// documents are rows about what a body says.
func documents() []target {
	repeat := strings.Repeat
	mebi := 1 << 20
	numbered := func(n int, one string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, one, i)
		}
		return b.String()
	}
	wide := func(text string) string {
		var b bytes.Buffer
		for _, unit := range utf16.Encode([]rune(text)) {
			_ = binary.Write(&b, binary.BigEndian, unit) // to memory
		}
		return b.String()
	}
	bodies := []body{
		{name: "brackets, never closed", text: func() string { return repeat("[", 8*mebi) }},
		{name: "braces, never closed", text: func() string { return repeat(`{"a":`, 8*mebi/5) }},
		{name: "brackets, a hundred thousand deep", text: func() string { return repeat("[", 100_000) + repeat("]", 100_000) }},
		{name: "brackets, 9,999 deep", text: func() string { return repeat("[", 9_999) + repeat("]", 9_999) }},
		{name: "brackets, 9,999 deep, in a property", text: func() string { return `{"error":` + repeat("[", 9_998) + repeat("]", 9_998) + `}` }},
		{name: "objects, 9,999 deep", text: func() string { return repeat(`{"a":`, 9_999) + "1" + repeat("}", 9_999) }},
		{name: "objects, a hundred thousand deep", text: func() string { return repeat(`{"a":`, 100_000) + "1" + repeat("}", 100_000) }},
		{name: "a million keys", text: func() string { return "{" + numbered(700_000, `"k%d":1`) + "}" }},
		{name: "thirty thousand keys", text: func() string { return "{" + numbered(20_000, `"k%d":1`) + "}" }},
		{name: "one key a million times", text: func() string { return `{"a":1` + repeat(`,"a":1`, mebi) + `}` }},
		{name: "one key ten thousand times", text: func() string { return `{"a":1` + repeat(`,"a":1`, 10_000) + `}` }},
		{name: "keys that collide but for case", text: func() string {
			return "{" + numbered(1000, `"manufacturer_user_id%d":"a","MANUFACTURER_USER_ID":"b"`) + "}"
		}},
		{name: "a key of a mebibyte", text: func() string { return `{"` + repeat("k", mebi) + `":1}` }},
		{name: "a key of slashes", text: func() string { return `{"` + repeat("/~", mebi/16) + `":1}` }},
		{name: "an empty key", text: func() string { return `{"":{"":{"":1}}}` }},
		{name: "a number of a mebibyte", text: func() string { return `{"error":` + repeat("9", mebi) + `}` }},
		{name: "a number of sixty thousand digits", text: func() string { return `{"error":` + repeat("9", 60_000) + `}` }},
		{name: "a fraction of sixty thousand digits", text: func() string { return `{"error":0.` + repeat("9", 60_000) + `}` }},
		{name: "an exponent of nines", text: func() string { return `{"error":1e999999999}` }},
		{name: "an exponent below", text: func() string { return `{"error":1e-999999999}` }},
		{name: "an exponent of a thousand digits", text: func() string { return `{"error":1e` + repeat("9", 1000) + `}` }},
		{name: "numbers beyond a float", text: func() string { return `{"error":[1e400` + repeat(",1e400", 5_000) + `]}` }},
		{name: "minus nothing", text: func() string { return `{"error":-}` }},
		{name: "not a number", text: func() string { return `{"error":NaN}` }},
		{name: "a string of 8 MiB", text: func() string { return `{"error":"` + repeat("x", 8*mebi-100) + `"}` }},
		{name: "a string of 200 KiB", text: func() string {
			return `{"manufacturer_user_id":"` + repeat("x", 200<<10) + `","nox_user_id":"y"}`
		}},
		{name: "a string without an end", text: func() string { return `{"error":"` + repeat("x", mebi) }},
		{name: "escapes", text: func() string { return `{"error":"` + repeat(`\u0000`, 20_000) + `"}` }},
		{name: "escapes cut short", text: func() string { return `{"error":"\u00` }},
		{name: "lone surrogates", text: func() string { return `{"error":"` + repeat(`\ud800`, 10_000) + `"}` }},
		{name: "bytes that are not UTF-8", text: func() string { return `{"error":"` + repeat("\xff", 100_000) + `"}` }},
		{name: "overlong UTF-8", text: func() string { return `{"error":"` + repeat("\xc0\xaf", 1000) + `"}` }},
		{name: "combining characters", text: func() string { return `{"error":"a` + repeat("\u0301", 50_000) + `"}` }},
		{name: "directions", text: func() string { return `{"error":"` + repeat("\u202e", 10_000) + `"}` }},
		{name: "byte order marks", text: func() string { return repeat("\ufeff", 1000) + `{}` }},
		{name: "UTF-16", text: func() string { return "\xfe\xff" + wide(`{"error":"a"}`) }},
		{name: "blanks before it", text: func() string { return repeat(" ", 8*mebi-2) + `{}` }},
		{name: "blanks behind it", text: func() string { return `{}` + repeat("\n", 8*mebi-2) }},
		{name: "blanks alone", text: func() string { return repeat("\t", 100_000) }},
		{name: "another behind it", text: func() string { return repeat(`{"a":1}`, 100_000) }},
		{name: "null", text: func() string { return `null` }},
		{name: "a string alone", text: func() string { return `"` + repeat("s", 1000) + `"` }},
		{name: "an array of a million", text: func() string { return "[1" + repeat(",1", mebi) + "]" }},
		{name: "an array of fifty thousand in a property", text: func() string { return `{"error":[1` + repeat(",1", 50_000) + `]}` }},
		{name: "an array of objects", text: func() string { return `{"error":[{}` + repeat(",{}", 50_000) + `]}` }},
		{name: "members of wrong types", text: func() string { return `{"manufacturer_user_id":{},"nox_user_id":[]}` }},
		{name: "markup", text: func() string {
			return `{"error":"<script>alert(1)</script>]]>&#0;--><!-- <![CDATA[","</script>":"\u2028"}`
		}},
		{name: "SQL, a long way", text: func() string { return `{"error":"` + repeat("SELECT a INSERT b UPDATE c DELETE d ", 5_000) + `"}` }},
		{name: "stack traces, a long way", text: func() string { return `{"error":"` + repeat(`at a.b.c (x at `, 12_000) + `"}` }},
		{name: "XML with entities", text: func() string {
			return `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>` + repeat("&b;", 10_000) + `</l>`
		}},
		{name: "no bytes", text: func() string { return "" }},
		{name: "NULs", text: func() string { return repeat("\x00", 100_000) }},
	}
	var all []target
	for _, each := range bodies {
		text := sync.OnceValue(func() string { return sized(each.text()) })
		all = append(all, target{name: "JSON: " + each.name, ready: func() { text() }, serve: func(c *conn) { saying(text())(c) }})
	}
	return append(all,
		target{name: "body of blanks without an end", serve: flooding(created+"\r\n", " ")},
		target{name: "body of a string without an end", serve: flooding(created+"\r\n{\"error\":\"", "x")},
		target{name: "body of members without an end", serve: flooding(created+"\r\n{\"a\":1", `,"b":{}`)},
		target{name: "body of HTML without an end", serve: flooding("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>", "<p>")},
		target{name: "events without an end", serve: flooding("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", "data: {}\n\n")},
		target{name: "multipart without an end", serve: flooding("HTTP/1.1 201 Created\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\nContent-Type: application/json\r\n\r\n{}\r\n")},
		target{name: "declared as 4 GiB, then a string", serve: flooding(created+fmt.Sprintf("Content-Length: %d\r\n\r\n{\"error\":\"", int64(math.MaxUint32)), "x")},
	)
}

// mangled are rows that send the right responses but for some: what only comes
// once a run is under way.
func mangled() []target {
	head := "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
	silence := func(c *conn) { c.hold() }
	return []target{
		{name: "silence once the gate is passed", serve: turning(1, silence)},
		{name: "silence after fifty", serve: turning(50, silence)},
		{name: "silence to what is refused", serve: misbehaving(of(400), silence)},
		{name: "silence to a wrong key", serve: misbehaving(of(401), silence)},
		{name: "reset after fifty", serve: turning(50, (*conn).reset)},
		{name: "reset of what is refused", serve: misbehaving(of(400), (*conn).reset)},
		{name: "closed every third time", serve: misbehaving(func(c *conn, _ *http.Request, _ answer) bool { return c.requests.Load()%3 == 0 }, func(*conn) {})},
		{name: "101 after fifty", serve: turning(50, func(c *conn) { c.send("HTTP/1.1 101 Switching Protocols\r\n\r\n"); c.hold() })},
		{name: "101 to what is refused", serve: misbehaving(of(400), func(c *conn) {
			c.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			c.hold()
		})},
		{name: "status 000 to what is refused", serve: misbehaving(of(400), func(c *conn) { c.send("HTTP/1.1 000 \r\nConnection: close\r\n\r\n") })},
		{name: "endless body of what is refused", serve: misbehaving(of(400), func(c *conn) { c.send(head + "\r\n{\"error\":\""); c.flood("x"); c.hold() })},
		{name: "a mebibyte to what is refused", serve: changing(func(_ *http.Request, a *answer) {
			if a.status == 400 {
				a.body = `{"error":"` + strings.Repeat("x", 1<<20) + `"}`
			}
		})},
		{name: "200 KiB in every response", serve: changing(func(_ *http.Request, a *answer) {
			if rest, ok := strings.CutPrefix(a.body, "{"); ok {
				a.body = `{"filling":"` + strings.Repeat("x", 200<<10) + `",` + rest
			}
			a.header.Set("X-Powered-By", "Express")
			a.status++
		})},
		{name: "60 KiB of fields in every response", serve: changing(func(_ *http.Request, a *answer) {
			a.header.Set("X-Filling", strings.Repeat("x", 60<<10))
			if a.status == 401 {
				a.status = 403
			}
		})},
		{name: "nesting in every response", serve: changing(func(_ *http.Request, a *answer) {
			if rest, ok := strings.CutPrefix(a.body, "{"); ok {
				a.body = `{"filling":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,` + rest
			}
			if a.status == 401 {
				a.status = 403
			}
		})},
		{name: "the wrong user every time", serve: changing(func(_ *http.Request, a *answer) {
			a.body = strings.ReplaceAll(a.body, "nox-conformance-", strings.Repeat("nox-", 10_000))
		})},
		{name: "keys sent back on every page", serve: changing(func(r *http.Request, a *answer) {
			key := r.Header.Get("x-api-key")
			a.body = strings.Replace(a.body, "{", `{"`+strings.ReplaceAll(key, `"`, "")+`":1,`, 1)
			a.header.Set("X-Seen", key)
			a.status = 418
		})},
	}
}
