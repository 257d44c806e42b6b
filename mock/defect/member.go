package defect

import (
	"bytes"
	"encoding/json"
)

// Names of properties that the contract's prose speaks of.
const (
	userName    = "user_id"              // request
	echoName    = "manufacturer_user_id" // 201
	idName      = "nox_user_id"          // 201
	messageName = "error"                // 400, 401, 500
)

// A span is where one member of a JSON object stands in its text.
type span struct {
	name       string
	nameStart  int // of the opening quote
	start, end int // of the value
}

// members finds the members of the JSON object that text is; nil if it is none.
func members(text []byte) []span {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var found []span
	for dec.More() {
		from := int(dec.InputOffset())
		from += bytes.IndexByte(text[from:], '"')
		name, err := dec.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return nil
		}
		end := int(dec.InputOffset())
		found = append(found, span{name.(string), from, end - len(value), end})
	}
	return found
}

// member finds one member by its exact name.
func member(text []byte, name string) (span, bool) {
	for _, s := range members(text) {
		if s.name == name {
			return s, true
		}
	}
	return span{}, false
}

// memberText is the value of a member that is a string.
func memberText(text []byte, name string) (string, bool) {
	s, ok := member(text, name)
	if !ok || text[s.start] != '"' {
		return "", false
	}
	var value string
	err := json.Unmarshal(text[s.start:s.end], &value)
	return value, err == nil
}

// splice replaces text[start:end].
func splice(text []byte, start, end int, by string) []byte {
	out := append([]byte{}, text[:start]...)
	out = append(out, by...)
	return append(out, text[end:]...)
}

// quote writes a string as JSON, and escapes no more than it must.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string never fails
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// echoed is the user id that the answer names; empty if it names none.
func (x *exchange) echoed() string {
	s, _ := memberText(x.body, echoName)
	return s
}

// user identifies the user of a created connection: manufacturer and id.
func (x *exchange) user() string { return x.key() + "\x00" + x.echoed() }

// id is the NOX id that the answer names; empty if it names none.
func (x *exchange) id() string {
	s, _ := memberText(x.body, idName)
	return s
}
