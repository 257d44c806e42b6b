package conformance

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/spec"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validerrors "github.com/pb33f/libopenapi-validator/errors"
)

// judge holds requests and responses to a contract.
type judge struct {
	contract  *contract
	validator validator.Validator
	confirmed confirmations
	keys      sentKeys
}

// use makes the validator of a document as the contract was read from. An error
// is an [*spec.Error].
func (j *judge) use(doc *spec.Document, document any) error {
	read, ok := document.(libopenapi.Document)
	if !ok {
		return fmt.Errorf("a judge needs a document of libopenapi, not a %T", document)
	}
	v, errs := validator.NewValidator(read, config.WithFormatAssertions())
	if len(errs) > 0 {
		return doc.Errorf("", "the contract cannot be used: %s", firstLine(errs[0].Error()))
	}
	if ok, problems := v.ValidateDocument(); !ok && len(problems) > 0 {
		return documentError(doc, problems[0].Reason, problems[0].SpecLine)
	}
	j.validator = v
	return nil
}

// openJudge reads a document and returns a judge by it, with every operation
// prepared. An error is an [*spec.Error], also where the OpenAPI library itself
// breaks down over the document.
func openJudge(doc *spec.Document) (j *judge, err error) {
	defer func() {
		if p := recover(); p != nil {
			j, err = nil, doc.Errorf("", "the contract cannot be read: the OpenAPI library fails on it (%v)", p)
		}
	}()
	j = &judge{}
	j.contract, err = readContract(doc, func(document any) error { return j.use(doc, document) })
	if err != nil {
		return nil, err
	}
	for _, op := range j.contract.operations {
		prepare(op, j.confirm)
	}
	return j, nil
}

// assess reads an answer as it came: framing and bytes, then the schema of its
// very status, then what no answer should show. Only an answer of a documented
// status is held to the document.
func (j *judge) assess(a *answer) {
	if !a.came() {
		return
	}
	a.decompress()
	if problem := jsonProblem(a.body); problem == "" && a.failure == none {
		a.value, a.isJSON = decodeJSON(a.body)
	}
	found := func(clause, expected, actual string) {
		a.findings = append(a.findings, finding{clause, expected, actual})
	}
	documented := a.request.op.documented(a.status)
	if documented == nil {
		return
	}
	if a.failure == cutShort {
		found(clauseJSON, "a whole body", cutShortWords(a))
	}
	if len(documented.mediaTypes) > 0 {
		j.judgeContent(a, documented, found)
	} else if documented.headers {
		j.judgeSchema(a, documented, "", found)
	}
	j.judgeManners(a, found)
}

func cutShortWords(a *answer) string {
	if length := a.header.Get("Content-Length"); length != "" {
		return fmt.Sprintf("Content-Length: %s, but the connection ended after %d bytes", length, a.size)
	}
	return fmt.Sprintf("the body broke off after %d bytes: %v", a.size, a.err)
}

func (j *judge) judgeContent(a *answer, documented *response, found func(clause, expected, actual string)) {
	want := strings.Join(documented.mediaTypes, " or ")
	if actual := wrongMediaType(a.header, documented.mediaTypes); actual != "" {
		found(clauseContentType, "Content-Type: "+want, actual)
		return
	}
	media := mediaTypeOf(a.header)
	if a.failure != none || a.request.method == http.MethodHead || !isJSON(media) {
		return
	}
	if coding := a.header.Get("Content-Encoding"); a.miscoded {
		found(clauseJSON, "a body in the coding that Content-Encoding names", "Content-Encoding: "+coding+", and a body without it")
		return
	}
	if problem := jsonProblem(a.body); problem != "" {
		found(clauseJSON, "one JSON text, whole, in UTF-8, nothing before or behind it", problem)
		return
	}
	if name := duplicateName(a.body); name != "" {
		found(clauseUniqueNames, "each name once in an object", strconv.Quote(name)+" stands twice")
	}
	j.judgeSchema(a, documented, media, found)
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
		return "Content-Type: " + values[0] + ", which is no media type"
	}
	for _, want := range documented {
		if wanted, _, _ := mime.ParseMediaType(want); inRange(name, wanted) {
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
func (j *judge) judgeSchema(a *answer, documented *response, media string, found func(clause, expected, actual string)) {
	if a.isJSON && a.value == nil && documented.schema != nil && !documented.schema.Accepts("null") {
		found(clauseSchema, "a body that fits the schema of "+documented.status, "null") // the validator lets it pass
		return
	}
	u, err := url.Parse(j.contract.canonicalURL(a.request.path, a.request.query))
	if err != nil {
		return
	}
	request := &http.Request{Method: a.request.op.Method, URL: u, Header: http.Header{}}
	body := a.body
	if a.isJSON {
		body = withinFloat(a.body, a.value) // the validator reads no larger number
	}
	header := a.header.Clone()
	if media != "" {
		header.Set("Content-Type", media)
	}
	response := &http.Response{
		StatusCode: a.status, Status: statusText(a.status), Proto: a.proto, Header: header, Request: request,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	ok, errs := j.validator.ValidateHttpResponse(request, response)
	if ok {
		return
	}
	for _, e := range errs {
		switch {
		case e.ValidationSubType == "header": // a required one is not there
			found(clauseHeaders, "the documented response headers", e.Reason)
		case e.ValidationSubType == "headers": // one does not fit its schema
			found(clauseHeaders, "the documented response headers", schemaWords(e))
		case e.ValidationSubType == "schema":
			found(clauseSchema, "a body that fits the schema of "+documented.status, schemaWords(e))
		}
	}
}

func schemaWords(e *validerrors.ValidationError) string {
	var words []string
	for _, s := range e.SchemaValidationErrors {
		text := s.Reason
		if path := strings.TrimPrefix(s.FieldPath, "$."); path != "" && path != "$" {
			text = path + ": " + text
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	if len(words) == 0 {
		return e.Reason
	}
	return strings.Join(words, "; ")
}

// judgeFilled looks for required strings that say nothing: an id that is
// empty, an error message that is blank.
func judgeFilled(a *answer, documented *response, found func(clause, expected, actual string)) {
	if a.status/100 == 2 {
		if name := a.request.op.rules.identity; name != "" {
			if v, ok := a.member(name); ok && v == "" {
				found(clauseNonEmpty, name+" that is not empty", "an empty "+name)
			}
		}
		return
	}
	if a.status < 400 || documented.schema == nil {
		return
	}
	for _, p := range documented.schema.Properties {
		if v, ok := a.member(p.Name); ok && p.Required && p.Schema.Is("string") && strings.TrimSpace(v) == "" {
			found(clauseNonEmpty, p.Name+" that says something", "a blank "+p.Name)
		}
	}
}

// judgeManners looks for what no answer should show. None of it breaks the
// contract.
func (j *judge) judgeManners(a *answer, found func(clause, expected, actual string)) {
	text := withoutSent(a, string(a.body))
	if sign := internals(text, a.header); sign != "" {
		found(clauseInternals, "nothing that shows how the server is made", sign)
	}
	if where := j.keys.comesBack(a, text); where != "" {
		found(clauseKey, "no key in an answer", "the key that was sent, in "+where)
	}
	if a.status/100 == 2 {
		if v := sharedCaching(a.header); v != "" {
			found(clauseCache, "an answer that shared caches do not store", v)
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

// comesBack tells where a key that the request carried stands in the answer,
// however it is written. Short values and ordinary words are passed over: they
// appear in any text by chance; so are a few characters, by which some name a key.
func (s *sentKeys) comesBack(a *answer, text string) string {
	for _, k := range a.request.keys {
		if len(k.value) < secret.ShortestPiece || secret.LikeWord(k.value) {
			continue
		}
		index := s.index(k.value)
		for _, name := range slices.Sorted(maps.Keys(a.header)) {
			if index.HoldsHalf(strings.Join(a.header[name], " ")) {
				return "the header " + name
			}
		}
		if index.HoldsHalf(text) {
			return "the body"
		}
	}
	return ""
}

// sharedCaching returns the header that lets shared caches keep an answer, ""
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

func documentError(doc *spec.Document, reason string, line int) error {
	e := doc.Errorf("", "the contract is not valid OpenAPI: %s", firstLine(reason))
	if line > 0 {
		e.Line = doc.LineOfPage(line)
	}
	return e
}
