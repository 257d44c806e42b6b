package hostile

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peer is a connection of HTTP/2.
type peer struct {
	*conn
	*http2.Framer
	fields bytes.Buffer
	coder  *hpack.Encoder
}

// over serves HTTP/2: at the start, the settings that greet sends in place of
// empty ones, and for each request, once its headers have come, do.
func over(greet, do func(p *peer, stream uint32)) func(*conn) {
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
		if greet != nil {
			greet(p, 0)
		} else if p.WriteSettings() != nil {
			return
		}
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			switch f := f.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() {
					_ = p.WriteSettingsAck() // where it is lost, so is all else
				}
			case *http2.HeadersFrame:
				if do != nil {
					c.requests.Add(1)
					do(p, f.StreamID)
				}
			}
		}
	}
}

// block packs header fields, given as names and values in turn.
func (p *peer) block(fields ...string) []byte {
	p.fields.Reset()
	for i := 0; i+1 < len(fields); i += 2 {
		_ = p.coder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // to memory
	}
	return bytes.Clone(p.fields.Bytes())
}

// headers sends the fields of a response.
func (p *peer) headers(stream uint32, end bool, fields ...string) bool {
	return p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: p.block(fields...), EndHeaders: true, EndStream: end}) == nil
}

// respond sends a response.
func (p *peer) respond(stream uint32, body string, fields ...string) {
	p.headers(stream, false, append([]string{":status", "201", "content-type", "application/json"}, fields...)...)
	_ = p.WriteData(stream, true, []byte(body)) // where it is lost, nothing comes
}

// repeat does something until it fails, a bounded number of times.
func repeat(do func() bool) {
	for range 20_000 {
		if !do() {
			return
		}
	}
}

// frames are rows about HTTP/2.
func frames() []target {
	over2 := &secured{change: func(c *tls.Config) { c.NextProtos = []string{"h2"} }}
	var rows []target
	add := func(name string, greet, do func(*peer, uint32)) {
		rows = append(rows, target{name: "HTTP/2: " + name, tls: over2, serve: over(greet, do)})
	}
	// raw writes a frame as its parts.
	raw := func(p *peer, kind, flags byte, stream uint32, payload string) bool {
		return p.WriteRawFrame(http2.FrameType(kind), http2.Flags(flags), stream, []byte(payload)) == nil
	}
	setting := func(id http2.SettingID, value uint32) func(*peer, uint32) {
		return func(p *peer, _ uint32) { _ = p.WriteSettings(http2.Setting{ID: id, Val: value}) }
	}
	normal := func(p *peer, s uint32) { p.respond(s, "{}") }
	const mostWindow = 1<<31 - 1

	add("silence", nil, func(*peer, uint32) {})
	add("no settings", func(*peer, uint32) {}, func(*peer, uint32) {})
	add("no settings, but responses", func(*peer, uint32) {}, normal)
	add("window of the connection overflows", func(p *peer, _ uint32) {
		_ = p.WriteSettings()
		_ = p.WriteWindowUpdate(0, mostWindow)
		_ = p.WriteWindowUpdate(0, mostWindow)
	}, normal)
	add("window of the connection overflows behind a request", nil, func(p *peer, s uint32) {
		_ = p.WriteWindowUpdate(0, mostWindow)
		_ = p.WriteWindowUpdate(0, mostWindow)
	})
	add("window of a stream overflows", nil, func(p *peer, s uint32) {
		_ = p.WriteWindowUpdate(s, mostWindow)
		_ = p.WriteWindowUpdate(s, mostWindow)
	})
	add("window grows by nothing", nil, func(p *peer, s uint32) { _ = p.WriteWindowUpdate(s, 0); p.respond(s, "{}") })
	add("windows of unknown streams without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.WriteWindowUpdate(s+1000, 1) == nil })
	})
	add("settings without an end", nil, func(p *peer, _ uint32) { repeat(func() bool { return p.WriteSettings() == nil }) })
	add("settings of a thousand", func(p *peer, _ uint32) {
		_ = p.WriteSettings(make([]http2.Setting, 1000)...)
	}, normal)
	add("acknowledgements without an end", nil, func(p *peer, _ uint32) { repeat(func() bool { return p.WriteSettingsAck() == nil }) })
	add("initial window of 2^31", setting(http2.SettingInitialWindowSize, 1<<31), normal)
	add("initial window of nothing", setting(http2.SettingInitialWindowSize, 0), func(*peer, uint32) {})
	add("initial window changes without an end", nil, func(p *peer, _ uint32) {
		size := uint32(0)
		repeat(func() bool {
			size = mostWindow - size
			return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: size}) == nil
		})
	})
	add("largest frame of one byte", setting(http2.SettingMaxFrameSize, 1), normal)
	add("largest frame of 4 GiB", setting(http2.SettingMaxFrameSize, 1<<32-1), normal)
	add("no streams allowed", setting(http2.SettingMaxConcurrentStreams, 0), normal)
	add("table of 4 GiB", setting(http2.SettingHeaderTableSize, 1<<32-1), normal)
	add("header list of nothing", setting(http2.SettingMaxHeaderListSize, 0), normal)
	add("push enabled by the server", setting(http2.SettingEnablePush, 1), normal)
	add("extended CONNECT of two", setting(http2.SettingEnableConnectProtocol, 2), normal)
	add("settings of a size that does not fit", func(p *peer, _ uint32) { raw(p, 4, 0, 0, "12345") }, normal)
	add("settings on a stream", nil, func(p *peer, s uint32) { raw(p, 4, 0, s, "") })
	add("GOAWAY at once", func(p *peer, _ uint32) { _ = p.WriteSettings(); _ = p.WriteGoAway(0, http2.ErrCodeNo, nil) }, nil)
	add("GOAWAY behind each request", nil, func(p *peer, s uint32) { _ = p.WriteGoAway(0, http2.ErrCodeNo, nil) })
	add("GOAWAY that promises a response, then silence", nil, func(p *peer, s uint32) { _ = p.WriteGoAway(s, http2.ErrCodeNo, nil) })
	add("GOAWAY for calm", nil, func(p *peer, s uint32) { _ = p.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("calm")) })
	add("GOAWAY without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.WriteGoAway(mostWindow, http2.ErrCodeNo, bytes.Repeat([]byte("g"), 100)) == nil })
	})
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		add("RST_STREAM "+code.String(), nil, func(p *peer, s uint32) { _ = p.WriteRSTStream(s, code) })
	}
	add("RST_STREAM behind the fields", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		_ = p.WriteRSTStream(s, http2.ErrCodeInternal)
	})
	add("RST_STREAM without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.WriteRSTStream(s, http2.ErrCodeNo) == nil })
	})
	add("RST_STREAM of stream 0", nil, func(p *peer, s uint32) { raw(p, 3, 0, 0, "\x00\x00\x00\x00") })
	add("PING without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.WritePing(false, [8]byte{}) == nil })
	})
	add("PING of a size that does not fit", nil, func(p *peer, s uint32) { raw(p, 6, 0, 0, "123") })
	add("PUSH_PROMISE", nil, func(p *peer, s uint32) {
		_ = p.WritePushPromise(http2.PushPromiseParam{StreamID: s, PromiseID: 2, BlockFragment: p.block(":method", "GET", ":path", "/", ":scheme", "https", ":authority", "a"), EndHeaders: true})
		p.respond(s, "{}")
	})
	add("PRIORITY without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.WritePriority(s, http2.PriorityParam{StreamDep: 0, Weight: 1}) == nil })
	})
	add("unknown frames without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return raw(p, 0xbb, 0, s, strings.Repeat("u", 400)) })
	})
	add("frame of 16 MiB announced", nil, func(p *peer, s uint32) { p.send("\xff\xff\xff\x00\x00\x00\x00\x00\x01") })
	add("frame cut short", nil, func(p *peer, s uint32) { p.send("\x00\x00\x10\x01\x04\x00\x00\x00\x01abc") })
	add("CONTINUATION without an end", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.block(":status", "201")})
		more := p.block("x-filling", strings.Repeat("c", 300))
		repeat(func() bool { return p.WriteContinuation(s, false, more) == nil })
	})
	add("empty CONTINUATION without an end", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.block(":status", "201")})
		repeat(func() bool { return p.WriteContinuation(s, false, nil) == nil })
	})
	add("fields that never end, then silence", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.block(":status", "201")})
	})
	add("CONTINUATION without HEADERS", nil, func(p *peer, s uint32) { _ = p.WriteContinuation(s, true, p.block(":status", "201")) })
	add("another frame within the fields", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: p.block(":status", "201")})
		_ = p.WritePing(false, [8]byte{})
	})
	add("compression bomb", nil, func(p *peer, s uint32) {
		// One field of 4,000 bytes in the table, then its index again and again.
		bomb := append(p.block(":status", "201", "x-bomb", strings.Repeat("b", 4000)), bytes.Repeat([]byte{0xbe}, 12_000)...)
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: bomb, EndHeaders: true})
		_ = p.WriteData(s, true, []byte("{}"))
	})
	add("index beyond the table", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0x07}, EndHeaders: true})
	})
	add("integer without an end", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: bytes.Repeat([]byte{0xff}, 5000), EndHeaders: true})
	})
	add("table resized without an end", nil, func(p *peer, s uint32) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: append(bytes.Repeat([]byte{0x20}, 10_000), p.block(":status", "201")...), EndHeaders: true, EndStream: true})
	})
	add("field of 60 KiB", nil, func(p *peer, s uint32) { p.large(s, 60<<10) })
	add("field of a mebibyte", nil, func(p *peer, s uint32) { p.large(s, 1<<20) })
	add("padding longer than its frame", nil, func(p *peer, s uint32) { raw(p, 1, 0x4|0x8, s, "\xff\x88") })
	add("no status", nil, func(p *peer, s uint32) { p.headers(s, true, "content-type", "application/json") })
	for _, status := range []string{"000", "099", "600", "999", "abc", "", "2", "20100", "-20", "101", "100"} {
		add("status "+status, nil, func(p *peer, s uint32) {
			p.headers(s, false, ":status", status, "content-type", "application/json")
			_ = p.WriteData(s, true, []byte("{}"))
		})
	}
	add("two statuses", nil, func(p *peer, s uint32) { p.headers(s, true, ":status", "201", ":status", "400") })
	add("status behind a field", nil, func(p *peer, s uint32) { p.headers(s, true, "a", "b", ":status", "201") })
	add("pseudo field of a request", nil, func(p *peer, s uint32) { p.headers(s, true, ":status", "201", ":path", "/") })
	add("upper case in a name", nil, func(p *peer, s uint32) { p.headers(s, true, ":status", "201", "Content-Type", "application/json") })
	add("line ends in a value", nil, func(p *peer, s uint32) { p.headers(s, true, ":status", "201", "a", "b\r\nc: d") })
	add("connection field", nil, func(p *peer, s uint32) { p.respond(s, "{}", "transfer-encoding", "chunked", "connection", "close") })
	add("interim responses without an end", nil, func(p *peer, s uint32) {
		repeat(func() bool { return p.headers(s, false, ":status", "103", "x-filling", strings.Repeat("e", 300)) })
	})
	add("interim response that ends the stream", nil, func(p *peer, s uint32) { p.headers(s, true, ":status", "100") })
	add("fields, then silence", nil, func(p *peer, s uint32) { p.headers(s, false, ":status", "201", "content-type", "application/json") })
	add("length that is wrong", nil, func(p *peer, s uint32) { p.respond(s, "{}", "content-length", "100") })
	add("length that is too short", nil, func(p *peer, s uint32) { p.respond(s, `{"a":1}`, "content-length", "1") })
	add("length twice", nil, func(p *peer, s uint32) { p.respond(s, "{}", "content-length", "2", "content-length", "3") })
	add("trailers of pseudo fields", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		_ = p.WriteData(s, false, []byte("{}"))
		p.headers(s, true, ":status", "400")
	})
	add("trailers that do not end the stream", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		_ = p.WriteData(s, false, []byte("{}"))
		p.headers(s, false, "x-trailer", "t")
	})
	add("data before fields", nil, func(p *peer, s uint32) { _ = p.WriteData(s, true, []byte("{}")) })
	add("data on stream 0", nil, func(p *peer, s uint32) { _ = p.WriteData(0, true, []byte("{}")) })
	add("data on an unknown stream", nil, func(p *peer, s uint32) { _ = p.WriteData(s+100, true, []byte("{}")) })
	add("data behind the end", nil, func(p *peer, s uint32) { p.respond(s, "{}"); _ = p.WriteData(s, true, []byte("{}")) })
	add("data beyond the window", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		block := bytes.Repeat([]byte(" "), 16<<10)
		for range atMost / len(block) {
			if p.WriteData(s, false, block) != nil {
				return
			}
		}
	})
	add("empty data without an end", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		repeat(func() bool { return p.WriteData(s, false, nil) == nil })
	})
	add("data of padding without an end", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		for range 200 {
			if p.WriteDataPadded(s, false, nil, make([]byte, 255)) != nil {
				return
			}
		}
	})
	add("data byte by byte", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		for range 100 {
			time.Sleep(50 * time.Millisecond)
			if p.WriteData(s, false, []byte(" ")) != nil {
				return
			}
		}
	})
	add("fields on an even stream", nil, func(p *peer, s uint32) { p.headers(2, true, ":status", "201") })
	add("fields on a stream to come", nil, func(p *peer, s uint32) { p.headers(s+2, true, ":status", "201") })
	add("fields on stream 0", nil, func(p *peer, s uint32) { p.headers(0, true, ":status", "201") })
	add("fields twice", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201")
		p.headers(s, false, ":status", "201")
	})
	add("streams that depend on themselves", nil, func(p *peer, s uint32) {
		var dependency [5]byte
		binary.BigEndian.PutUint32(dependency[:], s)
		raw(p, 2, 0, s, string(dependency[:]))
		p.respond(s, "{}")
	})
	add("endless JSON", nil, func(p *peer, s uint32) {
		p.headers(s, false, ":status", "201", "content-type", "application/json")
		block := bytes.Repeat([]byte("["), 1<<10)
		for range 60 { // as much as the window takes
			if p.WriteData(s, false, block) != nil {
				return
			}
		}
	})
	return rows
}

// large sends a field of so many bytes in as many frames as it takes.
func (p *peer) large(stream uint32, size int) {
	text := p.block(":status", "201", "content-type", "application/json", "x-large", strings.Repeat("l", size))
	const piece = 16 << 10
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: text[:min(piece, len(text))], EndHeaders: len(text) <= piece})
	for at := piece; at < len(text); at += piece {
		if p.WriteContinuation(stream, at+piece >= len(text), text[at:min(len(text), at+piece)]) != nil {
			return
		}
	}
	_ = p.WriteData(stream, true, []byte("{}"))
}
