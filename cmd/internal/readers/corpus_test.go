package readers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// message is one entry of a corpus: a request, or a response to one.
type message struct {
	name           string
	method, target string // of the request; target with the base path
	status         int    // of the response; 0 for a request
	header         http.Header
	body           []byte
	unsized        bool // sent without Content-Length
	cut            bool // the connection ends before the body does
}

func (m message) String() string {
	text := fmt.Sprintf("%s %s, ", m.method, m.target)
	if m.status != 0 {
		text += fmt.Sprintf("answered %d, ", m.status)
	}
	return text + fmt.Sprintf("header %q, body %q", m.header, m.body[:min(len(m.body), 500)])
}

// readCorpus reads a file of messages, one a line:
//
//	NAME [< BASE] | DIRECTIVE …
//
// An entry is a copy of the one that BASE names, of the first one where none is
// named, with these changes:
//
//	method=, target=, status=, body=   its part
//	/name/…=V, -/name/…                a property of the body, a JSON object
//	Name=V, +Name=V, -Name             a header field replaced, added, removed
//	unsized, cut                       how it travels
//
// A value is a word or Go string literals; one with *N behind it counts N times.
// Lines that start with # and blank ones are passed over.
func readCorpus(tb testing.TB, file string) []message {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	var all []message
	for i, line := range strings.Split(string(data), "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m, err := parseMessage(line, all)
		if err != nil {
			tb.Fatalf("%s:%d: %v", file, i+1, err)
		}
		all = append(all, m)
	}
	return all
}

func parseMessage(line string, known []message) (message, error) {
	heading, directives, ok := strings.Cut(line, "|")
	if !ok {
		return message{}, fmt.Errorf("no | between the name and what it stands for")
	}
	name, base, _ := strings.Cut(heading, "<")
	m, err := copyOf(strings.TrimSpace(base), known)
	if err != nil {
		return m, err
	}
	m.name = strings.TrimSpace(name)
	if slices.ContainsFunc(known, func(k message) bool { return k.name == m.name }) {
		return m, fmt.Errorf("a second %q", m.name)
	}
	for rest := strings.TrimSpace(directives); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexAny(rest, " =")
		if end < 0 {
			end = len(rest)
		}
		word, value, given := rest[:end], "", false
		rest = rest[end:]
		if given = strings.HasPrefix(rest, "="); given {
			if value, rest, err = parseValue(rest[1:]); err != nil {
				return m, err
			}
		}
		if err := m.change(word, value, given); err != nil {
			return m, err
		}
	}
	return m, nil
}

func copyOf(base string, known []message) (message, error) {
	if base == "" && len(known) == 0 {
		return message{header: http.Header{}}, nil
	}
	i := 0
	if base != "" {
		i = slices.IndexFunc(known, func(k message) bool { return k.name == base })
	}
	if i < 0 {
		return message{}, fmt.Errorf("no entry %q above", base)
	}
	m := known[i]
	m.header = m.header.Clone()
	return m, nil
}

// parseValue reads one value and returns what stands behind it.
func parseValue(text string) (value, rest string, err error) {
	if text == "" || text[0] != '"' && text[0] != '`' {
		word, rest, _ := strings.Cut(text, " ")
		return word, rest, nil
	}
	for text != "" && (text[0] == '"' || text[0] == '`') {
		literal, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", text, err)
		}
		piece, _ := strconv.Unquote(literal) // it is one, says QuotedPrefix
		text = text[len(literal):]
		if strings.HasPrefix(text, "*") {
			digits, rest, _ := strings.Cut(text[1:], " ")
			n, err := strconv.Atoi(digits)
			if err != nil {
				return "", "", err
			}
			piece, text = strings.Repeat(piece, n), rest
		}
		value += piece
		text = strings.TrimLeft(text, " ")
	}
	return value, text, nil
}

func (m *message) change(word, value string, given bool) (err error) {
	header := http.CanonicalHeaderKey(strings.TrimLeft(word, "+-"))
	switch {
	case word == "unsized":
		m.unsized = true
	case word == "cut":
		m.cut = true
	case strings.HasPrefix(word, "-/"):
		m.body, err = edited(m.body, strings.Split(word[2:], "/"), "")
	case strings.HasPrefix(word, "-"):
		delete(m.header, header)
	case !given:
		return fmt.Errorf("%q needs a value", word)
	case strings.HasPrefix(word, "/"):
		m.body, err = edited(m.body, strings.Split(word[1:], "/"), value)
	case word == "method":
		m.method = value
	case word == "target":
		m.target = value
	case word == "status":
		m.status, err = strconv.Atoi(value)
	case word == "body":
		m.body = []byte(value)
	case strings.HasPrefix(word, "+"):
		m.header[header] = append(m.header[header], value)
	default:
		m.header[header] = []string{value}
	}
	return err
}

// edited is a JSON object with the value at path exchanged; "" takes it away.
func edited(object []byte, path []string, value string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, fmt.Errorf("the body has no properties: %w", err)
	}
	var err error
	switch {
	case len(path) > 1:
		members[path[0]], err = edited(members[path[0]], path[1:], value)
	case value == "":
		delete(members, path[0])
	default:
		members[path[0]] = json.RawMessage(value)
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err = e.Encode(members)
	return bytes.TrimSpace(b.Bytes()), err
}
