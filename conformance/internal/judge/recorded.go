package judge

import (
	"encoding/json"
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// IntentOf returns whether a recorded request fits the contract (every server
// must accept it), breaks it (every server must refuse it), or either, if the
// contract leaves room or the recording is incomplete.
func (j *Judge) IntentOf(r *wire.Request, whole bool) wire.Intent {
	if !whole {
		return wire.Either
	}
	if r.Op.Body == nil || len(r.Body) == 0 && !r.Op.Body.Required {
		return judgeRequest(j, r, wire.Fits)
	}
	name, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	wanted, _, _ := mime.ParseMediaType(r.Op.Body.MediaType)
	charset := strings.ToLower(parameters["charset"])
	if err != nil || name != wanted || charset != "" && charset != "utf-8" || r.Header.Get("Content-Encoding") != "" || !contract.IsJSON(wanted) {
		return wire.Either
	}
	if problem := wire.JSONProblem(r.Body); problem != "" {
		if strings.HasPrefix(string(r.Body), string(wire.ByteOrderMark)) {
			return wire.Either // RFC 8259, section 8.1, lets a reader pass over it
		}
		return wire.Breaks
	}
	if wire.DuplicateName(r.Body) != "" {
		return wire.Either // readers differ on which of the two counts
	}
	value, ok := wire.DecodeJSON(r.Body)
	if !ok {
		return wire.Either
	}
	if !ordinary(value, r.Op.Body.Schema) || len(parameters) > 0 {
		return judgeRequest(j, r, wire.Either)
	}
	return judgeRequest(j, r, wire.Fits)
}

// judgeRequest holds a request to the contract. otherwise is what it is where nothing
// is wrong with it. Only what its body breaks is for certain; of that a format may be
// a mere annotation.
func judgeRequest(j *Judge, r *wire.Request, otherwise wire.Intent) wire.Intent {
	found, err := j.requestProblems(r)
	if err != nil {
		return wire.Either
	}
	for _, p := range found {
		if slices.ContainsFunc(p.failures, func(f failure) bool { return f.keyword != "" && f.keyword != "format" }) {
			return wire.Breaks
		}
		otherwise = wire.Either
	}
	if otherwise == wire.Fits && unusual(r) {
		return wire.Either
	}
	return otherwise
}

// unusual reports whether a request is written in a way that servers should take
// and need not: it asks for another media type, or has a field or a query that
// changes how it is read.
func unusual(r *wire.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	if accept != "" && !strings.Contains(accept, "json") && !strings.Contains(accept, "*/*") {
		return true
	}
	for _, name := range []string{"Expect", "Prefer", "Transfer-Encoding", "Content-Encoding", "Range", "If-Match", "If-None-Match", "X-Http-Method-Override"} {
		if len(r.Header.Values(name)) > 0 {
			return true
		}
	}
	return r.Query != "" && !slices.ContainsFunc(r.Op.Parameters, func(p contract.Parameter) bool { return p.In == "query" })
}

// longOrdinary is how many characters every server must take where the schema
// sets no limit.
const longOrdinary = 64

// ordinary reports whether a value holds nothing but what every server must take
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

// SubjectOf returns the user that a recorded request names. It returns "" if
// the request names none, or if the response cannot be compared with the name:
// the property appears twice, or a recorder may have replaced a character.
func SubjectOf(r *wire.Request) string {
	name := r.Op.Rules.Subject
	if name == "" || wire.JSONProblem(r.Body) != "" || wire.DuplicateName(r.Body) != "" {
		return ""
	}
	value, _ := wire.DecodeJSON(r.Body)
	members, _ := value.(map[string]any)
	text, _ := members[name].(string)
	if strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return text
}

// IsOrdinaryKey reports whether a server can be expected to look a recorded key
// up: it is not masked, and its form is no reason to refuse it.
func IsOrdinaryKey(value string) bool {
	hidden := IsMaskedKey(value) || strings.HasPrefix(value, "sha256:")
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' }
	return !hidden && len(value) <= 256 && !strings.ContainsFunc(value, odd)
}

// maskWords are what recorders write in place of a secret.
var maskWords = regexp.MustCompile(`(?i)^[\W_]*(redacted|masked|hidden|removed|filtered|saniti[sz]ed|scrubbed|obfuscated|anonymi[sz]ed|omitted|censored|stripped|elided)([\W_]+[a-z]+)*[\W_]*$`)

// placeholders are a text in brackets, or the name of a variable.
var placeholders = regexp.MustCompile(`^(<.*>|\[.*\]|\{.*\}|\(.*\)|%\w+%|\$\w+|\$\{.*\})$`)

// masks are signs of which several in a row hide what they stand for.
var masks = regexp.MustCompile(`[*•●∙·█▇■…]{3,}|^[*•●∙·█▇■…._xX#?-]+$|\.{3}|…|[xX]{5,}`)

// IsMaskedKey reports whether a recorded key is hidden, as a whole or in part.
func IsMaskedKey(value string) bool {
	value = strings.Trim(value, "\"' \t")
	return value != "" && (masks.MatchString(value) || placeholders.MatchString(value) || maskWords.MatchString(value))
}
