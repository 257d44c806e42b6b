package readers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"nox.energy/contract/mock"
)

// classes tell for each class of the tables whether a message belongs to it.
// With them the fuzzer knows a listed difference from a new one.
func (s *subject) classes() map[string]func(message) bool {
	ofBody := func(of func([]byte) bool) func(message) bool { return func(m message) bool { return of(m.body) } }
	return map[string]func(message) bool{
		"bytes behind the JSON text": ofBody(goesOn),
		"number beyond a double":     ofBody(hasHugeNumber),
		"white space only":           ofBody(isBlank),
		"neither body nor media type": func(m message) bool {
			return len(m.body) == 0 && m.header.Get("Content-Type") == ""
		},
		"parameter with two values":       hasRepeatedParameter,
		"bytes that are not UTF-8":        ofBody(func(b []byte) bool { return !utf8.Valid(b) }),
		"surrogate alone":                 ofBody(func(b []byte) bool { return utf8.Valid(b) && !wellFormed(b, jsontext.AllowDuplicateNames(true)) }),
		"property twice":                  ofBody(func(b []byte) bool { return !wellFormed(b, jsontext.AllowInvalidUTF8(true)) }),
		"body over the limit":             ofBody(func(b []byte) bool { return len(b) > mock.MaxBodyBytes }),
		"several media types":             func(m message) bool { return len(m.header["Content-Type"]) > 1 },
		"content coding":                  func(m message) bool { return m.header.Get("Content-Encoding") != "" },
		"more than 2,000 levels":          ofBody(func(b []byte) bool { return bytes.Count(b, []byte("[")) > 2000 || bytes.Count(b, []byte("{")) > 2000 }),
		"key that is not good":            func(m message) bool { return !slices.Equal(m.header[s.keyHeader], []string{"acme-key"}) },
		"path that is only nearly right":  s.isNearPath,
		"escape of what needs none":       s.hasNeedlessEscape,
		"outcome that was asked for":      asksForOutcome,
		"null":                            ofBody(func(b []byte) bool { return string(trimJSON(b)) == "null" }),
		"no body":                         ofBody(func(b []byte) bool { return len(b) == 0 }),
		"no body of a known length":       func(m message) bool { return isBlank(m.body) || len(m.body) == 0 && m.unsized },
		"string that says nothing":        ofBody(regexp.MustCompile(`:" *"`).Match),
		"redirect that is not documented": func(m message) bool { return slices.Contains(unjudgedByKin(), m.status) },
		"format that only one asserts":    s.differsInFormat,
		"truth in other words": func(m message) bool {
			return hasField(m, func(values []string) bool { return otherTruth.MatchString(values[0]) })
		},
		"multiple of a fraction":   ofBody(regexp.MustCompile(`"factor":[0-9.eE+-]{17,}`).Match),
		"field of the query twice": func(m message) bool { return hasField(m, func(values []string) bool { return len(values) > 1 }) },
		"integer written otherwise": func(m message) bool {
			return otherInteger(m.header.Get(s.answerHeader)) || hasField(m, func(values []string) bool { return otherInteger(values[0]) })
		},
		"space in a list": func(m message) bool {
			return hasField(m, func(values []string) bool { return strings.Contains(values[0], " ") })
		},
		"several faults":       func(m message) bool { return true }, // the libraries agree, so it explains nothing to the fuzzer
		"moment in lower case": ofBody(regexp.MustCompile(`"\d{4}-\d\d-\d\d(t[^"]*|T[^"]*z)"`).Match),
		"second 60":            ofBody(regexp.MustCompile(`T\d\d:\d\d:60`).Match),
		"status of a gateway":  func(m message) bool { return m.status == http.StatusNotFound || m.status == http.StatusBadGateway },
	}
}

// otherTruth are the words beside true and false that readers take for them.
var otherTruth = regexp.MustCompile(`(?i)^(1|0|t|f|true|false)$`)

// unjudgedByKin are the statuses that kin-openapi lets pass.
func unjudgedByKin() []int {
	return []int{http.StatusMovedPermanently, http.StatusNotModified, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}
}

func trimJSON(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

func isBlank(b []byte) bool { return len(b) > 0 && len(trimJSON(b)) == 0 }

// goesOn tells whether something stands behind a first JSON value.
func goesOn(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	return d.Decode(&v) == nil && len(trimJSON(b[d.InputOffset():])) > 0
}

// hasHugeNumber tells whether a number of a JSON text does not fit a double.
func hasHugeNumber(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if n, is := token.(json.Number); is {
			if _, err := n.Float64(); err != nil {
				return true
			}
		}
	}
}

// wellFormed tells whether b is JSON by the strict rules that leave does not
// lift. What is no JSON by any rules counts as well formed: that is another
// class.
func wellFormed(b []byte, leave jsontext.Options) bool {
	read := func(options ...jsontext.Options) bool {
		d := jsontext.NewDecoder(bytes.NewReader(b), options...)
		if err := d.SkipValue(); err != nil {
			return false
		}
		_, err := d.ReadToken()
		return err == io.EOF
	}
	return read(leave) || !read(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func hasRepeatedParameter(m message) bool {
	_, _, err := mime.ParseMediaType(m.header.Get("Content-Type"))
	return err != nil && strings.Contains(err.Error(), "duplicate parameter")
}

// isNearPath tells whether a path differs from one of the contract only in
// slashes and in the base path.
func (s *subject) isNearPath(m message) bool {
	path, _, _ := strings.Cut(m.target, "?")
	single := "/" + strings.Join(strings.FieldsFunc(path, func(r rune) bool { return r == '/' }), "/")
	for _, template := range s.kin.paths {
		if _, match := matchPath(template, strings.TrimPrefix(single, s.kin.base)); match && path != s.kin.base+template {
			return true
		}
	}
	return false
}

// hasNeedlessEscape tells whether a path is one of the contract but for escapes
// of what needs none.
func (s *subject) hasNeedlessEscape(m message) bool {
	path, _, _ := strings.Cut(m.target, "?")
	plain, err := url.PathUnescape(path)
	if err != nil || plain == path || strings.Count(plain, "/") != strings.Count(path, "/") {
		return false
	}
	for _, template := range s.kin.paths {
		if _, match := matchPath(template, strings.TrimPrefix(plain, s.kin.base)); match {
			return true
		}
	}
	return false
}

var magicID = regexp.MustCompile(`^` + regexp.QuoteMeta(mock.MagicPrefix) + `(400|401|500|lost)$`)

func asksForOutcome(m message) bool {
	var body struct {
		UserID string `json:"user_id"`
	}
	return m.header.Get("Prefer") != "" || json.Unmarshal(m.body, &body) == nil && magicID.MatchString(body.UserID)
}

// differsInFormat tells whether libopenapi-validator finds nothing wrong with a
// request but the formats of its strings.
func (s *subject) differsInFormat(m message) bool {
	var err error
	for path, good := range map[string]string{"terms_url": `"https://example.com/"`, "contact/email": `"a@example.com"`} {
		if m.body, err = edited(m.body, strings.Split(path, "/"), good); err != nil {
			return false
		}
	}
	return s.validator.request(m) == accepts
}

// hasField tells whether the query has a field whose values are such.
func hasField(m message, such func(values []string) bool) bool {
	_, query, _ := strings.Cut(m.target, "?")
	fields, _ := url.ParseQuery(query)
	for _, values := range fields {
		if such(values) {
			return true
		}
	}
	return false
}

// otherInteger tells whether text is a JSON number of a form, or of a size, that
// strconv.ParseInt does not take.
func otherInteger(text string) bool {
	var n json.Number
	if json.Unmarshal([]byte(text), &n) != nil {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 64)
	return err != nil
}
