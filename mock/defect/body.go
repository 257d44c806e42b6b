package defect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Conditions on the request's body, and what it holds.

// kindOf names the kind of a JSON value by its text.
func kindOf(value []byte) string {
	compact := strings.Join(strings.Fields(string(value)), "")
	switch {
	case compact == "":
		return "nothing"
	case compact == "[]":
		return "empty array"
	case compact == "{}":
		return "empty object"
	}
	switch compact[0] {
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	case '[':
		return "array"
	case '{':
		return "object"
	}
	return "number"
}

// userIs holds for a request whose user_id is of one of these kinds.
func userIs(kinds ...string) when {
	return func(x *exchange) bool {
		s, ok := member(x.sent, userName)
		return posted(x) && ok && valid(x.sent) && slices.Contains(kinds, kindOf(x.sent[s.start:s.end]))
	}
}

// userLiterally holds for a user_id that is written like this, without quotes.
func userLiterally(text string) when {
	return func(x *exchange) bool {
		return userIs("number", "boolean", "null")(x) && rawUser(x.sent) == text
	}
}

// userMissing holds for an object with no user_id, nor anything like it.
func userMissing(x *exchange) bool {
	_, alias := userAlias(x.sent)
	_, ok := member(x.sent, userName)
	return bodyIs("object", "empty object")(x) && !ok && !alias
}

// userAlias finds a property whose name is user_id but for case and spaces.
func userAlias(text []byte) (span, bool) {
	for _, s := range members(text) {
		if s.name != userName && strings.EqualFold(strings.TrimSpace(s.name), userName) {
			return s, true
		}
	}
	return span{}, false
}

func userNamed(like func(name string) bool) when {
	return func(x *exchange) bool {
		s, ok := userAlias(x.sent)
		return posted(x) && ok && like(s.name)
	}
}

// userText holds for a request whose user_id is a string for which f holds.
func userText(f func(string) bool) when {
	return func(x *exchange) bool {
		s, ok := memberText(x.sent, userName)
		return posted(x) && ok && f(s)
	}
}

// userRaw holds for a request whose user_id is written in a way for which f holds.
func userRaw(f func(string) bool) when {
	return func(x *exchange) bool {
		s, ok := member(x.sent, userName)
		return posted(x) && ok && f(string(x.sent[s.start:s.end]))
	}
}

// bodyIs holds for a request whose body is one JSON text of one of these kinds.
func bodyIs(kinds ...string) when {
	return func(x *exchange) bool {
		return posted(x) && valid(x.sent) && slices.Contains(kinds, kindOf(x.sent))
	}
}

func bodyEmpty(x *exchange) bool { return posted(x) && len(x.sent) == 0 }
func bodyBlank(x *exchange) bool {
	return posted(x) && len(x.sent) > 0 && len(bytes.TrimSpace(x.sent)) == 0
}

// unannounced holds for a request that speaks of no body at all.
func unannounced(x *exchange) bool {
	return bodyEmpty(x) && x.request.ContentLength == 0 && len(x.request.Header["Content-Length"]) == 0
}

func bodyOver(size int) when {
	return func(x *exchange) bool { return posted(x) && len(x.sent) >= size }
}

// malformed holds for a body that is not one JSON text in UTF-8.
func malformed(x *exchange) bool {
	return posted(x) && len(bytes.TrimSpace(x.sent)) > 0 && !valid(x.sent)
}

// valid reports whether text is one JSON text in UTF-8 without a byte order mark.
func valid(text []byte) bool { return json.Valid(text) && utf8.Valid(text) }

// undeclared holds for an object with a property that the contract does not name.
func undeclared(x *exchange) bool {
	return posted(x) && slices.ContainsFunc(members(x.sent), func(s span) bool { return s.name != userName })
}

// twiceNamed holds for an object with two properties of one name.
func twiceNamed(x *exchange) bool {
	seen := map[string]bool{}
	for _, s := range members(x.sent) {
		if seen[s.name] {
			return posted(x)
		}
		seen[s.name] = true
	}
	return false
}

// withMark holds for a body with a byte order mark.
func withMark(x *exchange) bool { return posted(x) && bytes.HasPrefix(x.sent, []byte(byteOrderMark)) }

const byteOrderMark = "\uFEFF"

// nested holds for a body with arrays or objects deeper than levels.
func nested(levels int) when {
	return func(x *exchange) bool {
		depth, deepest := 0, 0
		for _, c := range x.sent { // brackets in strings count too: near enough
			switch c {
			case '[', '{':
				depth++
				deepest = max(deepest, depth)
			case ']', '}':
				depth--
			}
		}
		return posted(x) && deepest > levels
	}
}

// hasNumber holds for a body with a number for whose text f holds.
func hasNumber(f func(string) bool) when {
	return func(x *exchange) bool {
		if !posted(x) {
			return false
		}
		dec := json.NewDecoder(bytes.NewReader(x.sent))
		dec.UseNumber()
		for {
			t, err := dec.Token()
			if err != nil {
				return false
			}
			if n, ok := t.(json.Number); ok && f(n.String()) {
				return true
			}
		}
	}
}

// textsIn finds the strings of a body, however broken it is, but for the names
// of properties.
func textsIn(body []byte) []string {
	var found []string
	for _, m := range anyString.FindAllSubmatchIndex(body, -1) {
		if rest := bytes.TrimLeft(body[m[1]:], " \t\r\n"); len(rest) > 0 && rest[0] == ':' {
			continue
		}
		var s string
		if json.Unmarshal(body[m[0]:m[1]], &s) == nil && s != "" {
			found = append(found, s)
		}
	}
	return found
}

// hasControl holds for a text with control characters.
func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }
