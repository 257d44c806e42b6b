package judge

import (
	"bytes"
	"errors"
	"fmt"
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
	"unicode/utf8"

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
	schemas   *schemas
	confirmed confirmations
	keys      sentKeys
}

// Load reads a document and returns its judge, with every operation prepared.
// An error is a [*spec.Error].
func Load(doc *spec.Document) (*Judge, error) {
	read, err := contract.Read(doc)
	if err != nil {
		return nil, err
	}
	j := &Judge{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), Contract: read, schemas: newSchemas(doc)}
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
	if hasType := a.Header.Get("Content-Type") != ""; len(documented.MediaTypes) > 0 && (hasType || a.Request.Method != http.MethodHead) { // which may leave it out (RFC 9110, section 9.3.2)
		j.judgeContent(a, documented, problem, excess, found)
	}
	j.judgeHeaders(a, documented, found)
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
	media := essence(a.Header.Get("Content-Type"))
	if documented.Text.Is(media) && a.Failure == wire.NoFailure && !a.IsPartial && a.Request.Method != http.MethodHead {
		problem, err := j.textProblem(a.Request.Op, documented.Text, a.Body)
		if err != nil {
			a.Failure, a.Err = wire.Unjudged, err
			return
		}
		if problem != "" {
			found(wire.ClauseSchema, "a text that matches the schema of "+documented.Status, problem)
		}
	}
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

// textProblem is what is wrong with a body of plain text by its schema. A line feed
// at its end may belong to it or not; what is not UTF-8 is left alone.
func (j *Judge) textProblem(op *contract.Operation, text *contract.RequestBody, body []byte) (problem string, err error) {
	if !utf8.Valid(body) {
		return "", nil
	}
	if problem, err = j.formProblem(op, text, body, received); problem == "" {
		return "", err
	}
	trimmed, err := j.formProblem(op, text, bytes.TrimRight(body, "\r\n"), received)
	if trimmed == "" {
		return "", err
	}
	return problem, nil
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

// judgeSchema holds the body to the schema of its media type.
func (j *Judge) judgeSchema(a *wire.Response, documented *contract.Response, media string, found func(clause, expected, actual string)) {
	pointer, _ := documented.SchemaOf(media)
	if pointer == "" {
		return
	}
	broken, err := j.valueFailures(a.Request.Op, pointer, a.Body, received)
	if err != nil {
		a.Failure, a.Err = wire.Unjudged, err
		return
	}
	if len(broken) > 0 {
		found(wire.ClauseSchema, "a body that matches the schema of "+documented.Status, inWords(broken))
	}
}

// judgeHeaders holds each header to its schema.
func (j *Judge) judgeHeaders(a *wire.Response, documented *contract.Response, found func(clause, expected, actual string)) {
	const expected = "the documented response headers"
	for _, p := range documented.Headers {
		values := a.Header.Values(p.Name)
		if len(values) == 0 && p.Required {
			found(wire.ClauseHeaders, expected, fmt.Sprintf("Required header '%s' was not found in response", p.Name))
		}
		if len(values) > 1 && p.Schema.HasType("array") {
			values = []string{strings.Join(values, ",")} // one list (RFC 9110, section 5.3)
		}
		for _, value := range values {
			broken, err := j.readFailures(a.Request.Op, p.SchemaPointer, p.HeaderReadings(value), received)
			if err != nil {
				a.Failure, a.Err = wire.Unjudged, err
				return
			}
			if len(broken) > 0 {
				found(wire.ClauseHeaders, expected, inWords(broken))
			}
		}
	}
}

// inWords lists what does not fit, each once.
func inWords(broken []failure) string {
	var words []string
	for _, f := range broken {
		if text := f.String(); !slices.Contains(words, text) {
			words = append(words, text)
		}
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
		for _, value := range append([]string{k.Value}, slices.Sorted(maps.Values(k.ByScheme))...) {
			if len(value) < secret.MinPieceLength || secret.ResemblesWord(value) {
				continue
			}
			index := s.index(value)
			for _, name := range slices.Sorted(maps.Keys(a.Header)) {
				if index.ContainsHalf(strings.Join(a.Header[name], " ")) {
					return "the header " + name
				}
			}
			if index.ContainsHalf(text) {
				return "the body"
			}
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
