package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// Judge checks requests and responses against a contract.
type Judge struct {
	turns     chan struct{} // as many responses as there are processors are assessed at a time
	Contract  *contract.Contract
	validator validating
	confirmed confirmations
	keys      sentKeys
}

// Load reads a document and returns its judge, with every operation prepared.
// An error is a [*spec.Error], even if the OpenAPI library panics.
func Load(doc *spec.Document) (j *Judge, err error) {
	defer func() {
		if p := recover(); p != nil {
			j, err = nil, doc.Errorf("", "the contract cannot be read: the OpenAPI library crashed on it (%v)", p)
		}
	}()
	j = &Judge{turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	j.Contract, err = contract.Read(doc, func(document any) error { return setValidator(j, doc, document) })
	if err != nil {
		return nil, err
	}
	for _, op := range j.Contract.Operations {
		wire.Prepare(op, j.Confirm)
	}
	return j, nil
}

// Assess adds to a response what it breaks: framing and bytes first, then the
// schema of its status, then what no response should show. It judges only
// responses of a documented status. A failure of this program over a response
// is none of the target.
func (j *Judge) Assess(a *wire.Response) {
	if !a.Arrived() {
		return
	}
	j.turns <- struct{}{}
	defer func() { <-j.turns }()
	if err := guard.Call(func() { j.assess(a) }); err != nil {
		a.Failure, a.Err = wire.Unjudged, err
	}
}

func (j *Judge) assess(a *wire.Response) {
	a.Decompress()
	problem, excess := wire.ScanJSON(a.Body, a.IsPartial)
	if problem == "" && excess == "" && a.Failure == wire.NoFailure {
		a.Value, a.IsJSON = wire.DecodeJSON(a.Body)
	}
	found := func(clause, expected, actual string) {
		a.Findings = append(a.Findings, wire.Finding{Clause: clause, Expected: expected, Actual: actual})
	}
	documented := a.Request.Op.ResponseFor(a.Status)
	if documented == nil {
		return
	}
	if a.Failure == wire.Truncated {
		found(wire.ClauseJSON, "a complete body", cutShortWords(a))
	}
	if len(documented.MediaTypes) > 0 {
		j.judgeContent(a, documented, problem, excess, found)
	} else if len(documented.Headers) > 0 {
		j.judgeSchema(a, documented, "", found)
	}
	j.judgeManners(a, found)
}

func cutShortWords(a *wire.Response) string {
	if length := a.Header.Get("Content-Length"); length != "" {
		return fmt.Sprintf("Content-Length: %s, but the connection ended after %d bytes", length, a.Size)
	}
	return fmt.Sprintf("the body ended early, after %d bytes: %v", a.Size, a.Err)
}

// judgeContent judges the body, as [wire.ScanJSON] found it.
func (j *Judge) judgeContent(a *wire.Response, documented *contract.Response, problem, excess string, found func(clause, expected, actual string)) {
	want := strings.Join(documented.MediaTypes, " or ")
	if actual := wrongMediaType(a.Header, documented.MediaTypes); actual != "" {
		found(wire.ClauseContentType, "Content-Type: "+want, actual)
		return
	}
	media := mediaTypeOf(a.Header)
	if a.Failure != wire.NoFailure || a.Request.Method == http.MethodHead || !contract.IsJSON(media) {
		return
	}
	if coding := a.Header.Get("Content-Encoding"); a.IsMiscoded {
		found(wire.ClauseJSON, "a body encoded as Content-Encoding says", "Content-Encoding: "+coding+", but the body is not encoded that way")
		return
	}
	if problem != "" {
		found(wire.ClauseJSON, "exactly one complete JSON text in UTF-8", problem)
		return
	}
	if excess != "" {
		if kind := wire.KindOfJSON(a.Body); kind != "" && documented.Schema != nil && !documented.Schema.AcceptsType(kind) {
			found(wire.ClauseSchema, "a body that matches the schema of "+documented.Status, "the body is of type "+kind)
			return
		}
		a.Failure, a.Err = wire.Unread, errors.New(excess)
		return
	}
	if name := wire.DuplicateName(a.Body); name != "" {
		found(wire.ClauseUniqueNames, "each property name once per object", strconv.Quote(name)+" appears twice")
	}
	j.judgeSchema(a, documented, media, found)
	if documented.Schema != nil {
		if names := documented.Schema.WriteOnlyIn(a.Value); len(names) > 0 {
			found(wire.ClauseWriteOnly, "no property that is writeOnly", strings.Join(names, ", "))
		}
	}
	judgeFilled(a, documented, found)
}

// wrongMediaType compares media types without regard to case and parameters
// (RFC 9110, section 8.3.1). It returns what is wrong, "" for nothing.
func wrongMediaType(header http.Header, documented []string) string {
	values := header.Values("Content-Type")
	switch len(values) {
	case 0:
		return "no Content-Type"
	case 1:
	default:
		return "several Content-Type headers: " + strings.Join(values, ", ")
	}
	name, _, err := mime.ParseMediaType(values[0])
	if err != nil && name == "" {
		return "Content-Type: " + values[0] + ", which is not a media type"
	}
	for _, want := range documented {
		if wanted, _, _ := mime.ParseMediaType(want); contract.MatchesMediaRange(name, wanted) {
			return ""
		}
	}
	return "Content-Type: " + values[0]
}

// mediaTypeOf is the media type of a message without its parameters.
func mediaTypeOf(header http.Header) string {
	name, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return name
}

// judgeSchema asks the validator, with a request and a response of their own
// made from what was recorded: it changes those that it is given. media is the
// media type, "" where no content is documented.
func (j *Judge) judgeSchema(a *wire.Response, documented *contract.Response, media string, found func(clause, expected, actual string)) {
	if a.IsJSON && a.Value == nil && documented.Schema != nil && (!documented.Schema.AcceptsType("null") || len(documented.Schema.Choices) == 0 && !documented.Schema.Fits(nil)) {
		found(wire.ClauseSchema, "a body that matches the schema of "+documented.Status, "null") // the validator lets it pass
		return
	}
	u, err := url.Parse(j.Contract.CanonicalURL(a.Request.Path, a.Request.Query))
	if err != nil {
		return
	}
	request := &http.Request{Method: a.Request.Op.Method, URL: u, Header: http.Header{}}
	body := a.Body
	if a.IsJSON {
		body = wire.ClampNumbers(a.Body, a.Value) // the validator reads no larger number
	}
	header := a.Header.Clone()
	if media != "" {
		header.Set("Content-Type", media)
	}
	response := &http.Response{
		StatusCode: a.Status, Status: contract.StatusText(a.Status), Proto: a.Proto, Header: header, Request: request,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	for _, e := range j.validator.response(a.Request.Op, request, response) {
		switch {
		case e.sub == "header": // a required one is not there
			found(wire.ClauseHeaders, "the documented response headers", e.reason)
		case e.sub == "headers": // one does not fit its schema
			found(wire.ClauseHeaders, "the documented response headers", schemaWords(e))
		case e.sub == "schema":
			found(wire.ClauseSchema, "a body that matches the schema of "+documented.Status, schemaWords(e))
		}
	}
}

func schemaWords(e problem) string {
	var words []string
	for _, s := range e.failures {
		text := s.reason
		if path := strings.TrimPrefix(s.path, "$."); path != "" && path != "$" {
			text = path + ": " + text
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	if len(words) == 0 {
		return e.reason
	}
	return strings.Join(words, "; ")
}

// judgeFilled looks for required strings that say nothing: an id that is
// empty, an error message that is blank.
func judgeFilled(a *wire.Response, documented *contract.Response, found func(clause, expected, actual string)) {
	if a.Status/100 == 2 {
		if name := a.Request.Op.Rules.Identity; name != "" {
			if v, ok := a.Member(name); ok && v == "" {
				found(wire.ClauseNonEmpty, name+" that is not empty", "an empty "+name)
			}
		}
		return
	}
	if a.Status < 400 || documented.Schema == nil {
		return
	}
	for _, p := range documented.Schema.Properties {
		if v, ok := a.Member(p.Name); ok && p.Required && p.Schema.HasType("string") && strings.TrimSpace(v) == "" {
			found(wire.ClauseNonEmpty, p.Name+" that is not blank", "a blank "+p.Name)
		}
	}
}

// maxSearched bounds how much of a body is searched for what should not be there.
const maxSearched = 64 << 10

// judgeManners looks for what no response should show. None of it breaks the
// contract.
func (j *Judge) judgeManners(a *wire.Response, found func(clause, expected, actual string)) {
	text := RemoveSent(a, string(a.Body[:min(len(a.Body), maxSearched)]))
	if u, err := url.Parse(a.SentURL); err == nil && u.Host != "" {
		text = strings.ReplaceAll(text, u.Host, "") // which the client knows
	}
	if sign := internals(text, a.Header); sign != "" {
		found(wire.ClauseInternals, "no server internals", sign)
	}
	if where := j.keys.comesBack(a, text); where != "" {
		found(wire.ClauseKey, "no API key in a response", "the API key that was sent, in "+where)
	}
	if a.Status/100 == 2 {
		if v := sharedCaching(a.Header); v != "" {
			found(wire.ClauseCache, "a response that shared caches do not store", v)
		}
	}
}

// sentKeys has an index of each key that was sent, most of them many times.
type sentKeys struct{ indexes sync.Map } // of *secretIndex, by key

func (s *sentKeys) index(key string) *secret.Index {
	if have, ok := s.indexes.Load(key); ok {
		return have.(*secret.Index)
	}
	index := secret.NewIndex()
	index.AddSecret(key, "")
	have, _ := s.indexes.LoadOrStore(key, index)
	return have.(*secret.Index)
}

// comesBack tells where a key that the request carried stands in the response,
// however it is written. Short values and ordinary words are passed over: they
// appear in any text by chance; so are a few characters, by which some name a key.
func (s *sentKeys) comesBack(a *wire.Response, text string) string {
	for _, k := range a.Request.Keys {
		if len(k.Value) < secret.MinPieceLength || secret.ResemblesWord(k.Value) {
			continue
		}
		index := s.index(k.Value)
		for _, name := range slices.Sorted(maps.Keys(a.Header)) {
			if index.ContainsHalf(strings.Join(a.Header[name], " ")) {
				return "the header " + name
			}
		}
		if index.ContainsHalf(text) {
			return "the body"
		}
	}
	return ""
}

// sharedCaching returns the header that lets shared caches keep a response, ""
// where none does (RFC 9111, sections 3 and 5.2.2).
func sharedCaching(header http.Header) string {
	value := header.Get("Cache-Control")
	longLived := false
	for _, d := range strings.Split(strings.ToLower(value), ",") {
		name, arg, _ := strings.Cut(strings.TrimSpace(d), "=")
		seconds, _ := strconv.Atoi(strings.Trim(arg, `"`))
		switch name {
		case "private", "no-store", "no-cache":
			return ""
		case "public":
			longLived = true
		case "max-age", "s-maxage":
			longLived = longLived || seconds >= 60
		}
	}
	if longLived {
		return "Cache-Control: " + value
	}
	if value == "" {
		if at, err := http.ParseTime(header.Get("Expires")); err == nil && time.Until(at) > time.Minute {
			return "Expires: " + header.Get("Expires")
		}
	}
	return ""
}
