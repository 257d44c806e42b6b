package conformance

import (
	"encoding/json"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/conformance/internal/schema"

	validerrors "github.com/pb33f/libopenapi-validator/errors"
)

// validity tells what the contract makes of a recorded request: fits, where
// every server must take it; breaks, where every server must refuse it; open,
// where the contract leaves room, or the recording does not tell.
func (j *judge) validity(r *request, whole bool) intent {
	if !whole {
		return open
	}
	if r.op.body == nil || len(r.body) == 0 && !r.op.body.required {
		return j.judgeRequest(r, fits)
	}
	name, parameters, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	wanted, _, _ := mime.ParseMediaType(r.op.body.mediaType)
	charset := strings.ToLower(parameters["charset"])
	if err != nil || name != wanted || charset != "" && charset != "utf-8" || r.header.Get("Content-Encoding") != "" || !isJSON(wanted) {
		return open
	}
	if problem := jsonProblem(r.body); problem != "" {
		if strings.HasPrefix(string(r.body), string(byteOrderMark)) {
			return open // RFC 8259, section 8.1, lets a reader pass over it
		}
		return breaks
	}
	if duplicateName(r.body) != "" {
		return open // readers differ on which of the two counts
	}
	value, ok := decodeJSON(r.body)
	if !ok {
		return open
	}
	if !ordinary(value, r.op.body.schema) || len(parameters) > 0 {
		return j.judgeRequest(r, open)
	}
	return j.judgeRequest(r, fits)
}

// judgeRequest asks the validator about a request. otherwise is what it is
// where nothing is wrong with its body.
func (j *judge) judgeRequest(r *request, otherwise intent) intent {
	base, err := url.Parse(strings.TrimSuffix(j.contract.canonicalURL(r.path, ""), r.path))
	if err != nil {
		return open
	}
	copied := r.clone()
	copied.keys = []credential{{value: "any"}} // the key is not asked about here
	req, err := copied.httpRequest(base, nil)
	if err != nil {
		return open
	}
	ok, errs := j.validator.ValidateHttpRequestSync(req)
	for _, e := range errs {
		if !ok && brokenForCertain(e) {
			return breaks
		}
		if !ok && e.ValidationType != "security" {
			otherwise = open
		}
	}
	if otherwise == fits && unusual(r) {
		return open
	}
	return otherwise
}

// brokenForCertain tells whether a problem is one that no server may pass over:
// not a format, which is an annotation, nor a body that only this validator
// cannot read.
func brokenForCertain(e *validerrors.ValidationError) bool {
	return e.ValidationType == "requestBody" && e.ValidationSubType == "schema" &&
		slices.ContainsFunc(e.SchemaValidationErrors, func(s *validerrors.SchemaValidationFailure) bool {
			return s.KeywordLocation != "" && !strings.HasSuffix(s.KeywordLocation, "/format")
		})
}

// unusual tells whether a request is written in a way that servers should take
// and need not: it asks for another media type, or has a field or a query that
// changes how it is read.
func unusual(r *request) bool {
	accept := strings.ToLower(strings.Join(r.header.Values("Accept"), ","))
	if accept != "" && !strings.Contains(accept, "json") && !strings.Contains(accept, "*/*") {
		return true
	}
	for _, name := range []string{"Expect", "Prefer", "Transfer-Encoding", "Content-Encoding", "Range", "If-Match", "If-None-Match", "X-Http-Method-Override"} {
		if len(r.header.Values(name)) > 0 {
			return true
		}
	}
	return r.query != "" && !slices.ContainsFunc(r.op.parameters, func(p parameter) bool { return p.in == "query" })
}

// longOrdinary is how many characters every server must take where the schema
// sets no limit.
const longOrdinary = 64

// ordinary tells whether a value holds nothing but what every server must take
// where the schema does not say: declared properties, texts that show, of
// ordinary length.
func ordinary(value any, s *schema.Schema) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			p := s.Property(name)
			if p == nil || !ordinary(member, p.Schema) {
				return false
			}
		}
	case []any:
		for _, item := range v {
			if s == nil || !ordinary(item, s.Items) {
				return false
			}
		}
	case string:
		shown := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
		return strings.TrimSpace(v) != "" && utf8.RuneCountInString(v) <= longOrdinary && !strings.ContainsFunc(v, func(r rune) bool { return !shown(r) })
	case json.Number:
		return len(v) <= 15 // what every reader keeps exactly (RFC 8259, section 6)
	}
	return true
}

// subjectOf reads whom a request is about, "" where it does not say, or not
// so that the answer could be compared with it: a name that stands twice, or a
// character that a recorder may have put in place of another.
func subjectOf(r *request) string {
	name := r.op.rules.subject
	if name == "" || jsonProblem(r.body) != "" || duplicateName(r.body) != "" {
		return ""
	}
	value, _ := decodeJSON(r.body)
	members, _ := value.(map[string]any)
	text, _ := members[name].(string)
	if strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return text
}

// ordinaryKey tells whether a key, whoever it belongs to, is one that a server
// can be asked to look up: not a piece of a recording that hides it, nor what
// may be refused for its form.
func ordinaryKey(value string) bool {
	hidden := isMask(value) || strings.HasPrefix(value, "sha256:")
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' }
	return !hidden && len(value) <= 256 && !strings.ContainsFunc(value, odd)
}

// maskWords are what recorders write in place of a secret.
var maskWords = regexp.MustCompile(`(?i)^[\W_]*(redacted|masked|hidden|removed|filtered|saniti[sz]ed|scrubbed|obfuscated|anonymi[sz]ed|omitted|censored|stripped|elided)([\W_]+[a-z]+)*[\W_]*$`)

// placeholders are a text in brackets, or the name of a variable.
var placeholders = regexp.MustCompile(`^(<.*>|\[.*\]|\{.*\}|\(.*\)|%\w+%|\$\w+|\$\{.*\})$`)

// masks are signs of which several in a row hide what they stand for.
var masks = regexp.MustCompile(`[*•●∙·█▇■…]{3,}|^[*•●∙·█▇■…._xX#?-]+$|\.{3}|…|[xX]{5,}`)

// isMask reports whether a recorded key is hidden, as a whole or in part.
func isMask(value string) bool {
	value = strings.Trim(value, "\"' \t")
	return value != "" && (masks.MatchString(value) || placeholders.MatchString(value) || maskWords.MatchString(value))
}
