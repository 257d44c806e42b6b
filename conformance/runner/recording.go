package runner

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

// maxRecording bounds the bytes of a recording that are read.
const maxRecording = 512 << 20

// Recording is HTTP traffic that something recorded: a browser, a proxy, the
// mock's journal, the har report of a run. [ReadHAR] reads one.
type Recording struct {
	entries  []harEntry
	digest   [sha256.Size]byte
	labelled bool // made by this program, which masks each key by a label of its own
}

// The parts of an HTTP Archive 1.2 that are judged. Sizes are pointers where
// their absence means something.
type harEntry struct {
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Mock     harMock     `json:"_nox_mock"`
	broken   string      // why it cannot be judged
}

// harMock is what nox-mock adds to an entry.
type harMock struct {
	Rule  string `json:"rule"`
	Fault string `json:"fault"`
	Asked bool   `json:"asked"`
}

type harRequest struct {
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Headers []harPair `json:"headers"`
	Post    *harBody  `json:"postData"`
	Size    *float64  `json:"bodySize"`
	body    recordedBody
}

type harResponse struct {
	Status  int       `json:"status"`
	Version string    `json:"httpVersion"`
	Headers []harPair `json:"headers"`
	Content *harBody  `json:"content"`
	Size    *float64  `json:"bodySize"`
	body    recordedBody
}

type harBody struct {
	Type     string   `json:"mimeType"`
	Text     *string  `json:"text"`
	Encoding string   `json:"encoding"`  // of content
	Posted   string   `json:"_encoding"` // of postData, for which the format has no field
	Comment  string   `json:"comment"`   // nox-mock says the same here
	Size     *float64 `json:"size"`      // of content, decoded
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// recordedBody is a body as far as it was recorded.
type recordedBody struct {
	bytes []byte
	whole bool // nothing of it is missing
}

// ReadHAR reads a recording in the HTTP Archive format 1.2. name is the file's,
// for errors and reports. An error is a [*UsageError] that names the line.
func ReadHAR(r io.Reader, name string) (*Recording, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxRecording+1))
	switch {
	case err != nil:
		return nil, conformance.UsageErrorf("%s: the recording cannot be read: %v", name, err)
	case len(data) > maxRecording:
		return nil, conformance.UsageErrorf("%s: the recording is larger than %d MiB; record or export less at a time", name, maxRecording>>20)
	}
	data = bytes.TrimPrefix(data, wire.ByteOrderMark)
	var file struct {
		Log *struct {
			Creator struct {
				Name string `json:"name"`
			} `json:"creator"`
			Entries *[]harEntry `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, harError(name, data, err)
	}
	if file.Log == nil || file.Log.Entries == nil {
		return nil, conformance.UsageErrorf("%s:1: not an HTTP Archive: it has no log.entries; export the traffic as HAR 1.2", name)
	}
	out := &Recording{*file.Log.Entries, sha256.Sum256(data), file.Log.Creator.Name == toolName}
	for i := range out.entries {
		e := &out.entries[i]
		if where, err := e.decode(); err != nil {
			line := lineOfPointer(data, "/log/entries/"+strconv.Itoa(i))
			e.broken = fmt.Sprintf("%s:%d: entry %d was left out: the %s is not valid base64: %v", name, line, i+1, where, err)
		}
	}
	return out, nil
}

// harError names the line of what is wrong with a file.
func harError(name string, data []byte, err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	at, what := int64(0), strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at, what = kind.Offset, fmt.Sprintf("%s is a %s", kind.Field, kind.Value)
	}
	return conformance.UsageErrorf("%s:%d: not an HTTP Archive: %s", name, lineAt(data, at), what)
}

func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int64(len(data)), max(offset, 0))], []byte("\n"))
}

// lineOfPointer finds the line on which the value behind a JSON pointer begins.
func lineOfPointer(data []byte, pointer string) int {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := d.ReadToken(); err != nil {
			return 1
		}
		if string(d.StackPointer()) == pointer {
			return lineAt(data, d.InputOffset())
		}
	}
}

// decode finds out what was recorded of the two bodies. On an error it tells
// whose body cannot be read.
func (e *harEntry) decode() (where string, err error) {
	q, p := &e.Request, &e.Response
	if q.body, err = q.Post.decode(q.Size, q.Headers); err != nil {
		return "request body", err
	}
	p.body, err = p.Content.decode(p.Size, p.Headers)
	if e.Request.Method == http.MethodHead || p.Status == http.StatusNoContent || p.Status == http.StatusNotModified {
		p.body = recordedBody{whole: true} // there is none, whatever the lengths say (RFC 9110, section 6.4.1)
	}
	return "response body", err
}

// decode reads a body. onWire is its size as it travelled, negative or nil for
// unknown.
func (b *harBody) decode(onWire *float64, headers []harPair) (recordedBody, error) {
	travelled := sizeOr(onWire, -1)
	if n, err := strconv.ParseFloat(harHeader(headers, "Content-Length"), 64); err == nil {
		travelled = max(travelled, n)
	}
	if b == nil || b.Text == nil {
		// Nothing was recorded: nothing was there only if the sizes say so.
		return recordedBody{whole: travelled == 0 && (b == nil || sizeOr(b.Size, 0) <= 0)}, nil
	}
	data := []byte(*b.Text)
	if slices.ContainsFunc([]string{b.Encoding, b.Posted, b.Comment}, func(s string) bool { return strings.EqualFold(s, "base64") }) {
		var err error
		if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(*b.Text), "")); err != nil {
			return recordedBody{}, err
		}
	}
	size := sizeOr(b.Size, -1)
	if harHeader(headers, "Content-Encoding") == "" { // else what travelled is of another length
		size = max(size, travelled)
	}
	return recordedBody{data, float64(len(data)) >= size}, nil
}

func sizeOr(size *float64, otherwise float64) float64 {
	if size == nil {
		return otherwise
	}
	return *size
}

func harHeader(headers []harPair, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// recordedHeader makes fields of what was recorded, without the pseudo-fields of
// HTTP/2 (RFC 9113, section 8.3). A recorder that leaves the fields out may
// still tell the media type.
func recordedHeader(headers []harPair, body *harBody) http.Header {
	out := http.Header{}
	for _, h := range headers {
		if !strings.HasPrefix(h.Name, ":") {
			out.Add(h.Name, h.Value)
		}
	}
	if len(headers) == 0 && body != nil && strings.Contains(body.Type, "/") {
		out.Set("Content-Type", body.Type)
	}
	return out
}
